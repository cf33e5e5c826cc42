"""What a unit that cannot be done comes to: halves, until the one client that fails stands alone."""

from datetime import datetime

from django.db import connection

from jobs.definitions import Job, Spread
from jobs.models import JobRun
from jobs.units import FENCED, Claim

ATTEMPTS_AT_A_RANGE = 5
ATTEMPTS_AT_ONE = 25

# One client in a million takes 20 splits. When this many brought no success at all, nothing works there;
# and so many failing clients are one fault to mend, not a list to read.
SPLITS_WITHOUT_SUCCESS = 64
MOST_SPLITS = 2_000

RANGE = """
    SELECT count(*), min(id), max(id), percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM accounts_client
    WHERE organization_id = %(organization)s
      AND id BETWEEN coalesce(%(first)s, 0) AND coalesce(%(last)s, 9223372036854775807)
"""
TRIED = """
    SELECT count(*) FILTER (WHERE status = 'split'), count(*) FILTER (WHERE status = 'done') FROM jobs_jobunit
    WHERE run_id = %(run)s AND generation = %(generation)s AND organization_id = %(organization)s
"""
SPLIT = f"""
    WITH parent AS (
        UPDATE jobs_jobunit SET status = 'split', error = %(error)s, ended_at = %(now)s WHERE {FENCED} RETURNING *
    )
    INSERT INTO jobs_jobunit (run_id, generation, organization_id, first_client, last_client, available_at,
                              status, attempt, counts, error)
    SELECT run_id, generation, organization_id, half.first_client, half.last_client, available_at,
           'pending', 0, '{{}}', ''
    FROM parent, LATERAL (VALUES (first_client, %(middle)s::bigint), (%(middle)s + 1, last_client))
                 AS half (first_client, last_client)
"""
FAIL = f"""
    UPDATE jobs_jobunit SET status = 'failed', error = %(error)s, ended_at = %(now)s,
           counts = jsonb_build_object('processed', %(size)s::bigint, 'failed', %(size)s::bigint),
           first_client = coalesce(%(first)s, first_client), last_client = coalesce(%(last)s, last_client)
    WHERE {FENCED}
"""


def is_exhausted(claim: Claim, *, job: Job) -> bool:
    """Whether the unit was interrupted too often. Needs the scope of all organizations.

    A large range may be what killed its workers, so it is soon halved. What cannot be halved has probably
    only been near when workers were killed: it is tried much longer before its client is given up.
    """
    if claim.attempt <= ATTEMPTS_AT_A_RANGE or claim.attempt > ATTEMPTS_AT_ONE:
        return claim.attempt > ATTEMPTS_AT_ONE
    return job.spread is Spread.CLIENTS and _range_of(claim)[0] > 1


def split_or_fail(claim: Claim, *, run: JobRun, job: Job, error: str, now: datetime) -> bool:
    """Halve the unit's range of clients; a single client, or what cannot be halved, has failed.

    Returns whether it was halved. Needs the scope of all organizations. Does nothing when another worker
    has taken the unit over.
    """
    size, first, last, middle = _range_of(claim) if job.spread is Spread.CLIENTS else (1, None, None, None)
    parameters = claim.fence | {"error": error, "now": now}
    is_split = size > 1 and _is_worth_splitting(claim, run)
    with connection.cursor() as cursor:
        if is_split:
            # The middle belongs to the first half; of two clients it is the first.
            cursor.execute(SPLIT, parameters | {"middle": middle})
        else:
            cursor.execute(FAIL, parameters | {"size": size, "first": first, "last": last})
    return is_split


def _range_of(claim: Claim) -> tuple[int, int | None, int | None, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            RANGE,
            {"organization": claim.organization_id, "first": claim.first_client, "last": claim.last_client},
        )
        size, first, last, middle = cursor.fetchone()
    return size, first, last, middle


def _is_worth_splitting(claim: Claim, run: JobRun) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TRIED, {"run": run.pk, "generation": run.generation, "organization": claim.organization_id})
        splits, successes = cursor.fetchone()
    return bool(splits < MOST_SPLITS and (successes or splits < SPLITS_WITHOUT_SUCCESS))
