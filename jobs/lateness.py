"""Jobs that should have run and did not, and runs that do not get on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from accounts.tenancy import all_organizations
from jobs.definitions import all_jobs
from jobs.ledger import OPEN
from jobs.models import JobRun, JobUnit, Watermark
from jobs.schedules import clockworks

GRACE = timedelta(minutes=15)
STALLED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LateJob:
    """`due_at` is the first time that nothing came of; `run_id` the run that stands still, if one was begun."""

    job: str
    period: str
    due_at: datetime
    run_id: int | None = None


def late_jobs(*, as_of: datetime) -> list[LateJob]:
    """Each job once, in the order of the settings. While automatic work is switched off, nothing is late."""
    if not settings.ENABLE_SUCCESS_CRONS:
        return []
    with all_organizations():
        late = {run.job: LateJob(run.job, run.period, run.due_at, run.pk) for run in _stalled_runs(as_of)}
        late |= {each.job: each for each in _not_begun(as_of)}
    return [late[job.name] for job in all_jobs() if job.name in late]


def _not_begun(as_of: datetime) -> list[LateJob]:
    handled = dict(Watermark.objects.values_list("job", "handled_until"))
    rows = clockworks()
    missed = []
    for job in all_jobs():
        if job.name in rows and job.name in handled:
            due_at = next(rows[job.name].due_times(after=handled[job.name], until=as_of - GRACE), None)
            if due_at:
                missed.append(LateJob(job.name, job.every.period_of(due_at).key, due_at))
    # Somebody may have run it by hand while the clock stood still.
    done = set(
        JobRun.objects.filter(
            organization=None, job__in=[late.job for late in missed], period__in=[late.period for late in missed]
        ).values_list("job", "period")
    )
    return [late for late in missed if (late.job, late.period) not in done]


def _stalled_runs(as_of: datetime) -> list[JobRun]:
    """Runs with work that could have been done for an hour, of which nothing was done in that hour."""
    units = JobUnit.objects.filter(run=OuterRef("pk"), generation=OuterRef("generation"))
    return list(
        JobRun.objects.filter(status=JobRun.Status.RUNNING, started_at__lt=as_of - STALLED_AFTER)
        .filter(Exists(units.filter(status__in=OPEN, available_at__lt=as_of - STALLED_AFTER)))
        .exclude(Exists(units.filter(ended_at__gte=as_of - STALLED_AFTER)))
    )
