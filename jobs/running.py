"""Works on runs: the same loop in the Celery worker, behind a cron endpoint and in a command."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import Q
from django.utils import timezone
from psycopg.errors import QueryCanceled

from accounts.tenancy import all_organizations, organization_scope
from jobs.definitions import Job, WorkUnit, job_named
from jobs.failing import is_exhausted, split_or_fail
from jobs.ledger import close_run
from jobs.models import JobRun
from jobs.units import Claim, claim_unit, finish_unit, is_work_left, lock_unit, retry_unit

logger = structlog.get_logger(__name__)

# A worker that hangs, sleeps or is cut off loses its transaction, and with it the lock on its unit.
LIMITS = (
    "SELECT set_config('statement_timeout', '240s', true),"
    " set_config('idle_in_transaction_session_timeout', '60s', true),"
    " set_config('client_connection_check_interval', '5s', true)"
)
POLL_SECONDS = 0.2
SOON_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Patience:
    """`seconds` in which new units are begun; `waits` for the units that other workers have in hand."""

    seconds: float
    waits: bool = False


def work_on(run: JobRun, *, patience: Patience, progress: Callable[[], None] | None = None) -> JobRun:
    """Work on the run's units, and on those that come before them, until it has ended or patience is over.

    Returns the run as it then is: it goes on when units wait for their time or for another worker. The
    loop reads the clock, as every unit is stamped with the time of its work. It must not be called inside
    of a transaction: each unit commits by itself.
    """
    deadline = time.monotonic() + patience.seconds
    while time.monotonic() < deadline:
        if work_one(run):
            if progress:
                progress()
            continue
        now = timezone.now()
        if close_run(run, now=now):
            break
        if _work_before(run):
            continue
        if not patience.waits or not _is_worth_waiting(run):
            # Another worker may have ended the last unit since the look above.
            close_run(run, now=now)
            break
        if progress:
            progress()
        time.sleep(POLL_SECONDS)
    _carry_on(run, seconds=deadline - time.monotonic() if patience.waits else 0)
    return run


def _carry_on(run: JobRun, *, seconds: float) -> None:
    carry_on = job_named(run.job).carry_on
    if carry_on and run.ended_at and seconds > 0:
        carry_on(seconds)


def work_one(run: JobRun) -> bool:
    """Claim a unit of the run and work on it; false when there is none to claim."""
    job = job_named(run.job)
    now = timezone.now()
    with all_organizations():
        claim = claim_unit(run, job, now=now)
    if claim is None:
        return False
    if _is_exhausted(claim, job=job):
        _record_failure(claim, run=run, job=job, error=claim.error or "Its workers were killed.")
    else:
        _try(claim, run=run, job=job)
    return True


def _try(claim: Claim, *, run: JobRun, job: Job) -> None:
    try:
        _work(claim, run=run, job=job)
    except SoftTimeLimitExceeded:
        _record_retry(claim, error="Its worker ran out of time.")
        raise
    except (OperationalError, InterfaceError) as error:
        if isinstance(error.__cause__, QueryCanceled):
            # Too slow for its time limit: a half may be quick enough.
            _record_failure(claim, run=run, job=job, error=describe(error))
            return
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        logger.warning("unit_interrupted", run_id=run.pk, unit_id=claim.unit_id, error=describe(error))
        _record_retry(claim, error=describe(error))
    except Exception as error:
        # Whatever a job may raise: one unit's failure must never stop the others.
        if _record_failure(claim, run=run, job=job, error=describe(error)):
            logger.info("unit_split", run_id=run.pk, unit_id=claim.unit_id, error=type(error).__name__)
        else:
            logger.exception("unit_failed", run_id=run.pk, unit_id=claim.unit_id)


def _work(claim: Claim, *, run: JobRun, job: Job) -> None:
    """One transaction: what the work changes and the unit's being done become true together."""
    with all_organizations():
        with connection.cursor() as cursor:
            cursor.execute(LIMITS)
        if not lock_unit(claim):
            return
        unit = WorkUnit(
            organization=claim.organization_id,
            period=job.every.period(run.period),
            first_client=claim.first_client,
            last_client=claim.last_client,
            as_of=timezone.now(),
            begun_at=run.started_at,
            parameters=run.parameters,
        )
        with _scope_of(claim):
            counts: Mapping[str, int] = job.work(unit)
        finish_unit(claim, counts=json.dumps(dict(counts)), now=timezone.now())


def _scope_of(claim: Claim) -> AbstractContextManager[None]:
    return all_organizations() if claim.organization_id is None else organization_scope(claim.organization_id)


def _record_retry(claim: Claim, *, error: str) -> None:
    with all_organizations():
        retry_unit(claim, error=error, now=timezone.now())


def _is_exhausted(claim: Claim, *, job: Job) -> bool:
    with all_organizations():
        return is_exhausted(claim, job=job)


def _record_failure(claim: Claim, *, run: JobRun, job: Job, error: str) -> bool:
    with all_organizations():
        return split_or_fail(claim, run=run, job=job, error=error, now=timezone.now())


def _work_before(run: JobRun) -> bool:
    """Work on a unit that comes first, or before that one, and end its run if it was the last.

    That may be nobody else's to do.
    """
    for other in _runs_before(run):
        if work_one(other):
            close_run(other, now=timezone.now())
            return True
        if _work_before(other):
            return True
    return False


def _runs_before(run: JobRun) -> list[JobRun]:
    """Running runs whose units may have to be done before those of this one."""
    job = job_named(run.job)
    earlier = Q(job=run.job, period__lte=run.period) | Q(job=job.after, period=run.period)
    with all_organizations():
        return list(JobRun.objects.filter(earlier, status=JobRun.Status.RUNNING).exclude(pk=run.pk).order_by("period"))


def _is_worth_waiting(run: JobRun) -> bool:
    with all_organizations():
        return is_work_left(run, until=timezone.now() + timedelta(seconds=SOON_SECONDS))


def describe(error: Exception) -> str:
    """The kind of the error and its first line: a database's further lines quote the row."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    message = str(cause or error).split("\n", 1)[0]
    return f"{type(error).__name__}: {message}"[:500]
