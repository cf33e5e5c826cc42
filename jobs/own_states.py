"""The state of the jobs as it is for one organization, by its own units: how others fare is neither told nor felt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import all_organizations
from jobs.definitions import CatchUp, Job, Spread, all_jobs
from jobs.lateness import STALLED_AFTER, LateJob, late_jobs
from jobs.models import JobRun
from jobs.pruning import KEEP_UNITS
from jobs.schedules import Clockwork, clockworks

# A run of all organizations is a row of nobody's, so the scope has to be that of all. Of such a run only what it is
# about and when it began is read; its state, counts and errors are those of everybody's units together.
NEWEST = """
    SELECT name.job, run.id, run.generation, run.period, run.started_at,
           CASE WHEN run.is_own THEN run.status
                WHEN own.open_since IS NOT NULL THEN 'running'
                WHEN own.failed = 0 THEN 'succeeded'
                WHEN own.done > 0 THEN 'partial'
                ELSE 'failed' END,
           own.errors,
           own.open_since
    FROM unnest(%(jobs)s::text[]) AS name (job)
    CROSS JOIN LATERAL (
        SELECT r.*, r.organization_id IS NOT NULL OR r.status = 'skipped_late' AS is_own FROM jobs_jobrun r
        WHERE r.job = name.job AND r.started_at > %(since)s
          AND (r.organization_id = %(organization)s
               OR r.organization_id IS NULL AND r.status = 'skipped_late' AND r.started_at > %(created_at)s
               OR r.organization_id IS NULL AND (
                   SELECT true FROM jobs_jobunit u
                   WHERE u.run_id = r.id AND u.generation = r.generation AND u.organization_id = %(organization)s
                   LIMIT 1))
        ORDER BY r.started_at DESC, r.id DESC LIMIT 1
    ) AS run
    CROSS JOIN LATERAL (
        SELECT min(greatest(u.available_at, run.started_at)) FILTER (WHERE u.status IN ('pending', 'claimed'))
                   AS open_since,
               count(*) FILTER (WHERE u.status = 'done') AS done,
               count(*) FILTER (WHERE u.status = 'failed') AS errors,
               count(*) FILTER (WHERE u.status = 'failed' OR (u.counts ->> 'failed')::bigint > 0) AS failed
        FROM jobs_jobunit u
        WHERE u.run_id = run.id AND u.generation = run.generation AND u.organization_id = %(organization)s
    ) AS own
"""


@dataclass(frozen=True, slots=True)
class OwnRun:
    """What a run has come to for the organization; `open_since` is when its oldest open work could first be done."""

    run_id: int
    generation: int
    period: str
    started_at: datetime
    status: JobRun.Status
    errors: int
    open_since: datetime | None


@dataclass(frozen=True, slots=True)
class OwnJobState:
    """`late_since` is the due time that nothing came of, or when work could have begun that is still not done."""

    job: Job
    is_paused: bool
    next_due_at: datetime | None
    last_run: OwnRun | None
    late_since: datetime | None


def own_job_states(organization: Organization, *, as_of: datetime) -> list[OwnJobState]:
    """The jobs that work on single organizations, in the order of the settings, with this one's newest runs.

    Runs of the last month are looked at. The number of queries does not depend on how many jobs or runs there are.
    """
    jobs = [job for job in all_jobs() if job.spread is not Spread.INSTALLATION]
    newest = _newest_runs(organization, jobs, as_of=as_of)
    if not is_worked_on(organization):
        return [OwnJobState(job, False, None, newest.get(job.name), None) for job in jobs]
    rows = clockworks()
    missed = {late.job: late for late in late_jobs(as_of=as_of) if late.run_id is None}
    states = []
    for job in jobs:
        clockwork, run = rows.get(job.name, Clockwork(None, None)), newest.get(job.name)
        is_paused = bool(clockwork.task) and not clockwork.is_on
        next_due_at = _next_due(job, clockwork, organization, as_of=as_of)
        late_since = _missed_at(missed.get(job.name), run, job=job) or _stands_since(run, as_of=as_of)
        states.append(OwnJobState(job, is_paused, next_due_at, run, late_since))
    return states


def is_worked_on(organization: Organization) -> bool:
    """Whether the clock's runs take this organization in."""
    is_active = organization.status == Organization.Status.ACTIVE
    return bool(settings.ENABLE_SUCCESS_CRONS and organization.runs_jobs and is_active)


def _newest_runs(organization: Organization, jobs: list[Job], *, as_of: datetime) -> dict[str, OwnRun]:
    parameters: dict[str, Any] = {
        "jobs": [job.name for job in jobs],
        "organization": organization.pk,
        # Further back there are no units to tell by.
        "since": as_of - KEEP_UNITS,
        "created_at": organization.created_at,
    }
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(NEWEST, parameters)
        return {
            job: OwnRun(run_id, generation, period, started_at, JobRun.Status(status), errors, open_since)
            for job, run_id, generation, period, started_at, status, errors, open_since in cursor.fetchall()
        }


def _next_due(job: Job, clockwork: Clockwork, organization: Organization, *, as_of: datetime) -> datetime | None:
    """Work waits for the end of its period where the organization is."""
    due_at = clockwork.next_due(as_of)
    if due_at is None:
        return None
    return max(due_at, job.every.period_of(due_at).ended_at(organization.timezone))


def _missed_at(late: LateJob | None, run: OwnRun | None, *, job: Job) -> datetime | None:
    """Somebody may have run it for this organization alone; a newer period makes up for one that is never caught up."""
    if late is None:
        return None
    makes_up = run and (run.period == late.period or (job.catch_up is CatchUp.NEWEST and run.period > late.period))
    return None if makes_up else late.due_at


def _stands_since(run: OwnRun | None, *, as_of: datetime) -> datetime | None:
    since = run.open_since if run else None
    return since if since and since < as_of - STALLED_AFTER else None
