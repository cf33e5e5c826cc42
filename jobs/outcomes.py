"""How jobs have fared lately."""

from django.db import connection

from accounts.tenancy import all_organizations
from jobs.definitions import all_jobs

RUNS_IN_A_ROW = 2
# Newest first: what counts is whether it works by now.
FRUITLESS = """
    SELECT name.job, array_agg(run.id ORDER BY run.id DESC)
    FROM unnest(%(jobs)s::text[]) AS name (job), LATERAL (
        SELECT id, status = 'failed' OR status = 'partial' AND NOT EXISTS (
                   SELECT FROM jsonb_each_text(r.counts)
                   WHERE key NOT IN ('processed', 'failed', 'skipped') AND value::bigint > 0) AS is_fruitless
        FROM jobs_jobrun r
        WHERE r.job = name.job AND r.organization_id IS NULL AND r.ended_at IS NOT NULL AND r.status <> 'skipped_late'
        ORDER BY r.started_at DESC, r.id DESC LIMIT %(most)s
    ) AS run
    GROUP BY name.job HAVING count(*) = %(most)s AND bool_and(run.is_fruitless)
"""


def failing_jobs() -> dict[str, list[int]]:
    """Jobs whose last two runs brought nothing at all, with the ids of those runs."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(FRUITLESS, {"jobs": [job.name for job in all_jobs()], "most": RUNS_IN_A_ROW})
        return dict(cursor.fetchall())
