"""The state of all jobs at one glance. The number of queries does not depend on how many jobs or runs there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.tenancy import all_organizations
from jobs.definitions import Job, all_jobs
from jobs.lateness import LateJob, late_jobs
from jobs.models import JobRun
from jobs.outcomes import FailingJob, failing_jobs
from jobs.schedules import Clockwork, clockworks

PROGRESS = """
    SELECT r.id, count(*) FILTER (WHERE u.status <> 'split'),
           count(*) FILTER (WHERE u.status IN ('done', 'failed')),
           count(*) FILTER (WHERE u.status = 'failed'),
           min(u.available_at) FILTER (WHERE u.status = 'pending' AND u.available_at > %(as_of)s),
           coalesce(sum((u.counts ->> 'processed')::bigint), 0)
    FROM jobs_jobrun r JOIN jobs_jobunit u ON u.run_id = r.id AND u.generation = r.generation
    WHERE r.id = ANY(%(runs)s) GROUP BY r.id
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Units of a run that goes on; those that `wait_until` a later time begin by themselves."""

    units: int
    ended: int
    failed: int
    waits_until: datetime | None
    processed: int

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.units if self.units else 100


@dataclass(frozen=True, slots=True)
class JobState:
    """One line of the status page."""

    job: Job
    schedule: str
    is_paused: bool
    next_due_at: datetime | None
    last_run: JobRun | None
    progress: Progress | None
    late: LateJob | None
    failing: FailingJob | None


def job_states(*, as_of: datetime) -> list[JobState]:
    """Every job in the order of the settings, with the newest run of all organizations."""
    rows = clockworks()
    late = {each.job: each for each in late_jobs(as_of=as_of)}
    failing = {each.job: each for each in failing_jobs()}
    newest = _newest_runs()
    progress = progress_of(newest.values(), as_of=as_of)
    return [
        _state(
            job,
            clockwork=rows.get(job.name, Clockwork(None, None)),
            last_run=(run := newest.get(job.name)),
            progress=progress.get(run.pk) if run else None,
            late=late.get(job.name),
            failing=failing.get(job.name),
            as_of=as_of,
        )
        for job in all_jobs()
    ]


def progress_of(runs: Iterable[JobRun], *, as_of: datetime) -> dict[int, Progress]:
    """The progress of those runs that go on, by their ids."""
    running = [run.pk for run in runs if run.status == JobRun.Status.RUNNING]
    if not running:
        return {}
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(PROGRESS, {"runs": running, "as_of": as_of})
        return {run_id: Progress(*rest) for run_id, *rest in cursor.fetchall()}


def _state(
    job: Job,
    *,
    clockwork: Clockwork,
    last_run: JobRun | None,
    progress: Progress | None,
    late: LateJob | None,
    failing: FailingJob | None,
    as_of: datetime,
) -> JobState:
    return JobState(
        job=job,
        schedule=_in_words(clockwork),
        is_paused=bool(clockwork.task) and not clockwork.is_on,
        next_due_at=clockwork.next_due(as_of) if settings.ENABLE_SUCCESS_CRONS else None,
        last_run=last_run,
        progress=progress,
        late=late,
        failing=failing,
    )


def _newest_runs() -> dict[str, JobRun]:
    with all_organizations():
        runs = JobRun.objects.filter(organization=None, job__in=list(settings.JOBS))
        return {run.job: run for run in runs.order_by("job", "-started_at", "-id").distinct("job")}


def _in_words(clockwork: Clockwork) -> str:
    if clockwork.task is None:
        return _("No schedule")
    if clockwork.crontab is None:
        return str(clockwork.task.scheduler)
    return str(clockwork.task.crontab.human_readable)
