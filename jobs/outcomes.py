"""How jobs have fared lately."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from accounts.tenancy import all_organizations
from jobs.definitions import all_jobs

RUNS_IN_A_ROW = 2
# Newest first: what counts is whether it works by now. An organization that was run by itself since, and done, works.
FAILING = """
    WITH lately AS (
        SELECT run.* FROM unnest(%(jobs)s::text[]) AS name (job), LATERAL (
            SELECT id, job, started_at, errors, status = 'failed' OR status = 'partial' AND NOT EXISTS (
                       SELECT FROM jsonb_each_text(r.counts)
                       WHERE key NOT IN ('processed', 'failed', 'skipped') AND value::bigint > 0) AS is_fruitless
            FROM jobs_jobrun r
            WHERE r.job = name.job AND r.organization_id IS NULL AND r.ended_at IS NOT NULL
              AND r.status <> 'skipped_late'
            ORDER BY r.started_at DESC, r.id DESC LIMIT %(most)s
        ) AS run
    ),
    pair AS (
        SELECT job, array_agg(id ORDER BY started_at DESC, id DESC) AS runs, max(started_at) AS newest_at,
            bool_and(is_fruitless) AS is_fruitless
        FROM lately GROUP BY job HAVING count(*) = %(most)s
    ),
    listed AS (
        SELECT job, error ->> 'organization' AS slug FROM lately, jsonb_array_elements(errors) AS error
        GROUP BY 1, 2 HAVING count(DISTINCT id) = %(most)s
    ),
    affected AS (
        SELECT pair.job, array_agg(listed.slug ORDER BY listed.slug) AS slugs
        FROM pair JOIN listed USING (job) JOIN accounts_organization o USING (slug)
        WHERE NOT is_fruitless AND NOT EXISTS (
            SELECT FROM jobs_jobrun own WHERE own.job = pair.job AND own.organization_id = o.id
                AND own.status = 'succeeded' AND own.started_at > pair.newest_at)
        GROUP BY pair.job
    )
    SELECT job, runs, coalesce(slugs, '{}') FROM pair LEFT JOIN affected USING (job)
    WHERE is_fruitless OR slugs IS NOT NULL ORDER BY job
"""


@dataclass(frozen=True, slots=True)
class FailingJob:
    """`runs` are the ids of its last two, newest first.

    `organizations` are the slugs of those in which both failed; none where both brought nothing at all.
    """

    job: str
    runs: Sequence[int]
    organizations: Sequence[str]


def failing_jobs() -> list[FailingJob]:
    """Jobs whose last two runs brought nothing, or failed in the same organization beside others that work."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(FAILING, {"jobs": [job.name for job in all_jobs()], "most": RUNS_IN_A_ROW})
        return [FailingJob(*row) for row in cursor.fetchall()]
