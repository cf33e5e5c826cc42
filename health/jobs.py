"""The checks that come around: every hour, and once more when the week's scores are there."""

from collections.abc import Mapping
from dataclasses import asdict

from django.utils.translation import gettext_lazy as _

from health.checking import check_clients
from jobs.definitions import CatchUp, Job, WorkUnit
from jobs.periods import Every

COUNTS = ("processed", "success", "opened", "reopened", "escalated", "resolved", "failed")


def check_unit(unit: WorkUnit) -> Mapping[str, int]:
    """Check the unit's clients as they are now: an hour that was missed cannot be looked at any more."""
    checked = check_clients(
        unit.organization_id, as_of=unit.as_of, first_client=unit.first_client, last_client=unit.last_client
    )
    return asdict(checked) | {"success": checked.processed}


health_check = Job(
    name="health-check",
    title=_("Health check"),
    every=Every.HOUR,
    work=check_unit,
    catch_up=CatchUp.NEWEST,
    count_names=COUNTS,
)
health_check_after_scores = Job(
    name="health-check-after-scores",
    title=_("Health check after the scores"),
    every=Every.WEEK,
    work=check_unit,
    catch_up=CatchUp.NEWEST,
    after="success-score",
    tells={"opened": "alerts"},
    count_names=COUNTS,
)
