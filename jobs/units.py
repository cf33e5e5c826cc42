"""Claiming a unit of work, and what becomes of it.

A claim is committed before the work, so that a unit which kills its workers is noticed. The work's
transaction then locks the row and checks the attempt: the lock is the lease (it ends with its holder, not
at a time), the attempt the fence (a worker that slept through a takeover finds another number).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from jobs.definitions import Job
from jobs.models import JobRun

# Longer than any pause between a claim's commit and the locking of the row by a worker that lives.
TAKEOVER_SECONDS = 15
RETRY_SECONDS = 2
LONGEST_RETRY_SECONDS = 10

# Units of the same organization that come first: the same job's earlier periods, the job that this one
# follows, and, for a run of all organizations, a run of that organization alone.
COMES_FIRST = """
    SELECT FROM jobs_jobrun other
    JOIN jobs_jobunit first ON first.run_id = other.id AND first.generation = other.generation
    WHERE other.status = 'running' AND other.id <> r.id
      AND first.status IN ('pending', 'claimed') AND first.organization_id IS NOT DISTINCT FROM u.organization_id
      AND (other.job = r.job AND (other.period < r.period OR other.period = r.period AND r.organization_id IS NULL)
           OR other.job = %(after)s AND other.period = r.period)
"""
IS_OPEN = """
    r.id = %(run)s AND r.status = 'running' AND u.status IN ('pending', 'claimed') AND u.available_at <= %(now)s
"""
# The newest first: halves of a unit that failed lead to the client at fault before the next unit is tried.
CLAIM = f"""
    UPDATE jobs_jobunit SET status = 'claimed', attempt = attempt + 1, claimed_at = clock_timestamp()
    WHERE id = (
        SELECT u.id FROM jobs_jobunit u JOIN jobs_jobrun r ON r.id = u.run_id AND r.generation = u.generation
        WHERE {IS_OPEN}
          AND (u.status = 'pending' OR u.claimed_at < clock_timestamp() - %(takeover)s * interval '1 second')
          AND NOT EXISTS ({COMES_FIRST})
        ORDER BY u.id DESC LIMIT 1 FOR UPDATE OF u SKIP LOCKED
    )
    RETURNING id, organization_id, first_client, last_client, attempt, error
"""
IN_HAND = """
    SELECT EXISTS (SELECT FROM jobs_jobunit u JOIN jobs_jobrun r ON r.id = u.run_id AND r.generation = u.generation
                   WHERE r.job = ANY(%(jobs)s) AND r.status = 'running' AND u.organization_id = %(organization)s
                     AND u.status = 'claimed' AND u.claimed_at < %(before)s)
"""
LEFT = f"""
    SELECT EXISTS (SELECT FROM jobs_jobunit u JOIN jobs_jobrun r ON r.id = u.run_id AND r.generation = u.generation
                   WHERE {IS_OPEN})
"""
FENCED = "id = %(unit)s AND attempt = %(attempt)s AND status = 'claimed'"
# Waits: a worker that is choosing its own unit may hold the row for a moment. After a takeover the attempt is
# another one, and there is nothing to wait for.
LOCK = f"SELECT 1 FROM jobs_jobunit WHERE {FENCED} FOR UPDATE"
FINISH = (
    "UPDATE jobs_jobunit SET status = 'done', counts = %(counts)s::jsonb, ended_at = %(now)s, error = ''"
    f" WHERE {FENCED}"
)
RETRY = f"UPDATE jobs_jobunit SET status = 'pending', available_at = %(at)s, error = %(error)s WHERE {FENCED}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A unit in the hands of this worker; `error` is what interrupted the attempt before."""

    unit_id: int
    organization_id: int | None
    first_client: int | None
    last_client: int | None
    attempt: int
    error: str

    @property
    def fence(self) -> dict[str, Any]:
        return {"unit": self.unit_id, "attempt": self.attempt}


def claim_unit(run: JobRun, job: Job, *, now: datetime) -> Claim | None:
    """Take one unit that nobody works on and nothing comes before. Needs the scope of all organizations."""
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {"run": run.pk, "after": job.after, "now": now, "takeover": TAKEOVER_SECONDS},
        )
        row = cursor.fetchone()
    return Claim(*row) if row else None


def is_work_left(run: JobRun, *, until: datetime) -> bool:
    """Whether a unit is open that may be worked on before `until`, by this worker or another."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT, {"run": run.pk, "now": until})
        return bool(cursor.fetchone()[0])


def is_in_hand(jobs: Sequence[str], *, organization_id: int, before: datetime) -> bool:
    """Whether such work on the organization was begun before then and has not been committed yet."""
    with connection.cursor() as cursor:
        cursor.execute(IN_HAND, {"jobs": list(jobs), "organization": organization_id, "before": before})
        return bool(cursor.fetchone()[0])


def lock_unit(claim: Claim) -> bool:
    """Hold the unit until the end of the transaction; false when another worker has taken it over."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, claim.fence)
        return cursor.fetchone() is not None


def finish_unit(claim: Claim, *, counts: str, now: datetime) -> None:
    """`counts` is a JSON object."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH, claim.fence | {"counts": counts, "now": now})


def retry_unit(claim: Claim, *, error: str, now: datetime) -> None:
    """Give the unit back for what can pass: a lost connection, a deadlock, a time limit."""
    with connection.cursor() as cursor:
        at = now + timedelta(seconds=min(RETRY_SECONDS * claim.attempt, LONGEST_RETRY_SECONDS))
        cursor.execute(RETRY, claim.fence | {"at": at, "error": error})
