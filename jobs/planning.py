"""Cuts a run into units of work, in the database."""

from django.db import connection

from jobs.definitions import Job, Spread
from jobs.models import JobRun
from jobs.periods import Period

# Few large pieces beat many small ones: a piece is one set-based statement. More than `small` clients are
# cut so that two workers share them, and no piece is so large that losing it to a killed worker hurts.
SMALL_ORGANIZATION = 50_000

ORGANIZATIONS = """
    SELECT o.id, {available_at} AS available_at FROM accounts_organization o
    WHERE CASE WHEN %(organization)s::bigint IS NULL THEN o.runs_jobs ELSE o.id = %(organization)s END
      AND o.status = 'active'
"""
MIDNIGHT_OVER_THERE = "%(end)s::date::timestamp AT TIME ZONE o.timezone"
EVERYWHERE = "%(end)s::timestamptz"

ADD_UNITS = """
    INSERT INTO jobs_jobunit (run_id, generation, organization_id, first_client, last_client, available_at,
                              status, attempt, counts, error)
    SELECT %(run)s, %(generation)s, piece.organization_id, piece.first_client, piece.last_client,
           piece.available_at, 'pending', 0, '{{}}', ''
    FROM ({pieces}) AS piece
"""
WHOLE_INSTALLATION = (
    "SELECT NULL::bigint AS organization_id, NULL::bigint AS first_client, NULL::bigint AS last_client,"
    " %(end)s::timestamptz AS available_at"
)
WHOLE_ORGANIZATIONS = f"""
    SELECT o.id AS organization_id, NULL::bigint AS first_client, NULL::bigint AS last_client, o.available_at
    FROM ({ORGANIZATIONS}) AS o
"""
# The first piece is open downwards and the last upwards, so that together they hold every client there is
# or will be. Only the organizations that are cut are numbered through.
CLIENT_RANGES = f"""
    WITH organizations AS MATERIALIZED ({ORGANIZATIONS}),
    sized AS (
        SELECT o.id, o.available_at, (SELECT count(*) FROM accounts_client c WHERE c.organization_id = o.id) AS size
        FROM organizations o
    ),
    cut AS (
        SELECT id, available_at, size,
               CASE WHEN size <= %(small)s THEN 1 ELSE 2 * ceil(size / (2.0 * %(largest)s))::bigint END AS pieces
        FROM sized
    ),
    numbered AS (
        SELECT cut.id AS organization_id, cut.available_at, cut.pieces, cut.size, c.id AS client_id,
               row_number() OVER (PARTITION BY cut.id ORDER BY c.id) - 1 AS place
        FROM cut JOIN accounts_client c ON c.organization_id = cut.id WHERE cut.pieces > 1
    ),
    placed AS (
        SELECT organization_id, available_at, client_id,
               min(place) OVER (PARTITION BY organization_id, client_id / %(cut_at)s) * pieces / size AS piece
        FROM numbered
    )
    SELECT id AS organization_id, NULL::bigint AS first_client, NULL::bigint AS last_client, available_at
    FROM cut WHERE pieces = 1
    UNION ALL
    SELECT organization_id,
           CASE WHEN piece > 0 THEN min(client_id) END,
           lead(min(client_id)) OVER (PARTITION BY organization_id ORDER BY piece) - 1,
           available_at
    FROM placed GROUP BY organization_id, piece, available_at
"""
PIECES = {
    Spread.CLIENTS: CLIENT_RANGES,
    Spread.ORGANIZATION: WHOLE_ORGANIZATIONS,
    Spread.INSTALLATION: WHOLE_INSTALLATION,
}


def add_units(run: JobRun, *, job: Job, period: Period) -> int:
    """Add the units of the run's generation; returns how many. Needs the scope of all organizations.

    A run of all organizations leaves out those that switched automatic work off. No unit may begin before
    the period has ended where its organization is.
    """
    available_at = MIDNIGHT_OVER_THERE if period.is_calendar else EVERYWHERE
    with connection.cursor() as cursor:
        cursor.execute(
            ADD_UNITS.format(pieces=PIECES[job.spread].format(available_at=available_at)),
            {
                "run": run.pk,
                "generation": run.generation,
                "organization": run.organization_id,
                "end": period.end_on if period.is_calendar else period.end,
                "small": min(SMALL_ORGANIZATION, job.largest_piece),
                "largest": job.largest_piece,
                "cut_at": job.cut_at,
            },
        )
        return int(cursor.rowcount)
