"""Tells the workers that there is something to do. The truth is in the ledger: a lost message costs a minute."""

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)

WORK_RUN = "jobs.work_run"
MOST_LOOKS = 16
# The tick looks again every minute, so an older message would only be in the way.
LOOK_EXPIRES_SECONDS = 90


def publish_looks(run_id: int, *, units: int, countdown: float = 0) -> None:
    """Ask up to as many workers as there are units to look at the run, in so many seconds. Never raises."""
    for _ in range(min(units, MOST_LOOKS)):
        try:
            current_app.send_task(
                WORK_RUN, kwargs={"run_id": run_id}, countdown=countdown, expires=LOOK_EXPIRES_SECONDS
            )
        except (OperationalError, OSError) as error:
            logger.warning("look_not_published", run_id=run_id, error=type(error).__name__)
            return
