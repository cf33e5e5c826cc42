"""Which run of a job and period there is, who began it, and what came of it.

Everything here needs the scope of all organizations around it or sets it itself.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Count, Q

from accounts.models import Organization, User
from accounts.tenancy import all_organizations
from jobs.definitions import Job, all_jobs, job_named
from jobs.looks import publish_looks
from jobs.models import JobRun, JobUnit
from jobs.periods import Period
from jobs.planning import add_units

# One of each organization before the second of any: one that fails a thousand times hides no other.
ERRORS_KEPT = 100
OPEN = (JobUnit.Status.PENDING, JobUnit.Status.CLAIMED)

# Serializes the beginnings of one job and period, so that a run of one organization and a run of all of
# them see each other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('jobs:' || %s || ':' || %s, 0))"

UNITS_OF_RUN = "u.run_id = r.id AND u.generation = r.generation"
COUNTED = f"""
    SELECT coalesce(jsonb_object_agg(key, total), '{{}}') FROM (
        SELECT key, sum(value::bigint) AS total FROM jobs_jobunit u, jsonb_each_text(u.counts)
        WHERE {UNITS_OF_RUN} GROUP BY key
    ) AS summed
"""
CLOSE = f"""
    UPDATE jobs_jobrun r SET
        ended_at = %(now)s,
        counts = ({COUNTED}),
        error_count = (SELECT count(*) FROM jobs_jobunit u WHERE {UNITS_OF_RUN} AND u.status = 'failed'),
        errors = (
            SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                       'organization', o.slug, 'firstClient', u.first_client, 'lastClient', u.last_client,
                       'message', u.error)) ORDER BY u.id), '[]')
            FROM (SELECT *, row_number() OVER (PARTITION BY organization_id ORDER BY id) AS place
                  FROM jobs_jobunit u WHERE {UNITS_OF_RUN} AND u.status = 'failed'
                  ORDER BY place, organization_id, id LIMIT {ERRORS_KEPT}) u
            LEFT JOIN accounts_organization o ON o.id = u.organization_id
        ),
        status = CASE
            WHEN NOT EXISTS (SELECT FROM jobs_jobunit u WHERE {UNITS_OF_RUN} AND (
                             u.status = 'failed' OR (u.counts ->> 'failed')::bigint > 0)) THEN 'succeeded'
            WHEN EXISTS (SELECT FROM jobs_jobunit u WHERE {UNITS_OF_RUN} AND u.status = 'done') THEN 'partial'
            ELSE 'failed' END
    WHERE r.id = %(run)s AND r.status = 'running'
      AND NOT EXISTS (SELECT FROM jobs_jobunit u WHERE {UNITS_OF_RUN} AND u.status IN ('pending', 'claimed'))
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """`is_new` tells the one who began the run from those who join it or find it done."""

    run: JobRun
    is_new: bool


def begin_run(
    job: Job,
    period: Period,
    *,
    trigger: JobRun.Trigger,
    due_at: datetime,
    now: datetime,
    organization: Organization | None = None,
    triggered_by: User | None = None,
    parameters: dict[str, str] | None = None,
    again: bool = False,
) -> Begun:
    """The run of this job and period, begun unless there is one. Workers are told after the commit.

    A run that goes on is joined, whoever asks; one that has ended is begun anew only with `again`. A run
    for one organization joins the run of all of them while that one still works on the organization. What
    the job comes after is begun first where it never was for this period: the order does not depend on who asks.
    """
    with all_organizations():
        if job.after and not _has_run(job.after, period, organization):
            begin_run(job_named(job.after), period, trigger=trigger, due_at=due_at, now=now, organization=organization)
        _lock(job, period)
        if organization and (wider := _running_for(organization, job, period)):
            return Begun(wider, is_new=False)
        run, is_new = JobRun.objects.get_or_create(
            job=job.name,
            organization=organization,
            period=period.key,
            defaults={
                "trigger": trigger,
                "triggered_by": triggered_by,
                "parameters": parameters or {},
                "due_at": due_at,
                "started_at": now,
            },
        )
        if not is_new:
            if not again or run.status == JobRun.Status.RUNNING:
                return Begun(run, is_new=False)
            _begin_again(run, trigger=trigger, triggered_by=triggered_by, parameters=parameters or {}, now=now)
        units = add_units(run, job=job, period=period)
        if not units:
            close_run(run, now=now)
        transaction.on_commit(partial(publish_looks, run.pk, units=units))
        return Begun(run, is_new=True)


def skip_periods(
    job: Job, periods: Iterable[tuple[Period, datetime]], *, trigger: JobRun.Trigger, now: datetime
) -> None:
    """Record periods that are too late to be run, each with its due time. Those with a run keep it."""
    JobRun.objects.bulk_create(
        [
            JobRun(
                job=job.name,
                period=period.key,
                trigger=trigger,
                status=JobRun.Status.SKIPPED_LATE,
                due_at=due_at,
                started_at=now,
                ended_at=now,
            )
            for period, due_at in periods
        ],
        ignore_conflicts=True,
    )


def close_run(run: JobRun, *, now: datetime) -> bool:
    """End the run if no unit is open; true when it has ended, by whomever. Only one caller ends it."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(CLOSE, {"run": run.pk, "now": now})
        if cursor.rowcount:
            _call_to_followers(run)
        run.refresh_from_db()
    return run.status != JobRun.Status.RUNNING


def _call_to_followers(run: JobRun) -> None:
    """Whoever looked at them while this run was in other hands found nothing to do."""
    names = [job.name for job in all_jobs() if job.after == run.job]
    following = JobRun.objects.filter(job__in=names, period=run.period, status=JobRun.Status.RUNNING)
    for each in following.annotate(open_units=Count("units", filter=Q(units__status__in=OPEN))):
        transaction.on_commit(partial(publish_looks, each.pk, units=each.open_units))


def counts_so_far(run: JobRun) -> dict[str, int]:
    """What the units that ended have counted."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(f"SELECT ({COUNTED})::text FROM jobs_jobrun r WHERE r.id = %s", [run.pk])
        (counted,) = cursor.fetchone()
    counts: dict[str, int] = json.loads(counted)
    return counts


def _lock(job: Job, period: Period) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [job.name, period.key])


def _has_run(name: str, period: Period, organization: Organization | None) -> bool:
    of_whom = Q(organization=None) | Q(organization=organization)
    return JobRun.objects.filter(of_whom, job=name, period=period.key).exists()


def _running_for(organization: Organization, job: Job, period: Period) -> JobRun | None:
    return JobRun.objects.filter(
        job=job.name,
        organization=None,
        period=period.key,
        status=JobRun.Status.RUNNING,
        units__organization=organization,
        units__status__in=OPEN,
    ).first()


def _begin_again(
    run: JobRun, *, trigger: JobRun.Trigger, triggered_by: User | None, parameters: dict[str, str], now: datetime
) -> None:
    run.generation += 1
    run.trigger = trigger
    run.triggered_by = triggered_by
    run.parameters = parameters
    run.status = JobRun.Status.RUNNING
    run.started_at = now
    run.ended_at = None
    run.counts = {}
    run.errors = []
    run.error_count = 0
    run.save()
