"""Turns due times into runs. The clock, the tick, the cron endpoints and the admin all come down to this,
so it does not matter which of them comes, how often, or how late."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from accounts.tenancy import all_organizations
from jobs.definitions import CatchUp, Job, job_named
from jobs.ledger import begin_run, close_run, skip_periods
from jobs.looks import publish_looks
from jobs.models import JobRun, JobUnit, Watermark
from jobs.periods import Every, Period
from jobs.schedules import clockwork_of

logger = structlog.get_logger(__name__)

NEWEST_WITHIN = timedelta(hours=48)
BY_ITSELF = (JobRun.Trigger.CLOCK, JobRun.Trigger.ENDPOINT)


def reconcile(
    job: Job, *, now: datetime, trigger: JobRun.Trigger = JobRun.Trigger.CLOCK, is_fired: bool = False
) -> list[JobRun]:
    """Begin what fell due since the last time and was not run; returns the runs that this call began.

    One transaction: either the due times are handled and the watermark has moved, or neither. A paused
    job's time passes without anything falling due. `is_fired` tells that the clock just fired the job's
    row: where staff gave it an interval instead of a crontab, that is all there is to know.
    """
    with all_organizations():
        watermark = _locked_watermark(job, now=now)
        clockwork = clockwork_of(job.name)
        due = list(clockwork.due_times(after=watermark.handled_until, until=now))
        if is_fired and clockwork.is_on and clockwork.crontab is None:
            due.append(now)
        before = clockwork.due_before(watermark.handled_until) if due else None
        begun = _begin_due(job, periods_due(job.every, due, before=before), now=now, trigger=trigger)
        if now > watermark.handled_until:
            watermark.handled_until = now
            watermark.save(update_fields=["handled_until"])
    return begun


def reconcile_all(*, now: datetime) -> None:
    """Reconcile every job in the order of the settings, and look after the runs that go on."""
    if settings.ENABLE_SUCCESS_CRONS:
        for name in settings.JOBS:
            _reconcile_one(name, now=now)
    nudge_runs(now=now)


def _reconcile_one(name: str, *, now: datetime) -> None:
    try:
        reconcile(job_named(name), now=now)
    except Exception:
        # A job whose code does not load or whose row is broken must not stop the others.
        logger.exception("job_not_reconciled", job=name)


def nudge_runs(*, now: datetime) -> None:
    """Close runs whose last worker died before it could, and call workers to units that wait for one."""
    with all_organizations():
        running = list(JobRun.objects.filter(status=JobRun.Status.RUNNING).order_by("id"))
    for run in running:
        if is_held(run) or close_run(run, now=now):
            continue
        with all_organizations():
            waiting = JobUnit.objects.filter(
                run=run, generation=run.generation, status__in=["pending", "claimed"], available_at__lte=now
            )[:16].count()
        publish_looks(run.pk, units=waiting)


def is_held(run: JobRun) -> bool:
    """Automatic work is switched off, and nobody began this run by hand; or it would skip clients now, whoever did."""
    if settings.ENABLE_SUCCESS_CRONS:
        return False
    return run.trigger in BY_ITSELF or (run.job in settings.JOBS and job_named(run.job).writes_to_clients)


def _locked_watermark(job: Job, *, now: datetime) -> Watermark:
    # Insert first: a fresh installation owes nothing from before it knew the job.
    Watermark.objects.bulk_create([Watermark(job=job.name, handled_until=now)], ignore_conflicts=True)
    return Watermark.objects.select_for_update().get(job=job.name)


def periods_due(every: Every, due: Iterable[datetime], *, before: datetime | None) -> list[tuple[Period, datetime]]:
    """Each period once, with the first time that it fell due, oldest first; `before` is the due time before those.

    Two due times may lie more than a period apart: where a crontab's timezone leaves summer time, or where staff chose
    one that is slower. Days, weeks and months between them are due with the later one; hours are just let pass.
    """
    first: dict[str, tuple[Period, datetime]] = {}
    known = every.period_of(before) if before else None
    for due_at in due:
        period = every.period_of(due_at)
        if known and every is not Every.HOUR:
            while (known := every.following(known)).end < period.end:
                first.setdefault(known.key, (known, due_at))
        first.setdefault(period.key, (period, due_at))
        known = period
    return list(first.values())


def _begin_due(
    job: Job, periods: list[tuple[Period, datetime]], *, now: datetime, trigger: JobRun.Trigger
) -> list[JobRun]:
    if job.catch_up is CatchUp.NEWEST and periods:
        newest = [(period, due_at) for period, due_at in periods[-1:] if now - due_at <= NEWEST_WITHIN]
        skip_periods(job, periods[: len(periods) - len(newest)], trigger=trigger, now=now)
        periods = newest
    begun = [begin_run(job, period, trigger=trigger, due_at=due_at, now=now) for period, due_at in periods]
    return [each.run for each in begun if each.is_new]
