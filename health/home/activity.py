"""Events of the last days, from daily activity, and what waits for somebody to look at it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

DAYS = 7
MOST_NAMES = 100

# Days are those of each organization's own calendar; 0 is its today.
RECENT = f"""
    SELECT o.id, ago.days_ago, coalesce(sum(a.total), 0)
    FROM accounts_organization o
    CROSS JOIN LATERAL (SELECT (%(now)s AT TIME ZONE o.timezone)::date AS day) today
    CROSS JOIN generate_series(0, {DAYS}) AS ago(days_ago)
    LEFT JOIN telemetry_dailyactivity a ON a.organization_id = o.id AND a.day = today.day - ago.days_ago
    WHERE o.status = 'active' AND (%(organization)s IS NULL OR o.id = %(organization)s)
    GROUP BY GROUPING SETS ((ago.days_ago), (o.id))
    ORDER BY o.id NULLS FIRST, ago.days_ago
"""

# Jumps from name to name through the index of unmapped events, however many events there are of each.
UNMAPPED = f"""
    WITH RECURSIVE names AS (
        (SELECT organization_id, name FROM telemetry_event
          WHERE base_type = '' AND category = 'engagement'
            AND (%(organization)s IS NULL OR organization_id = %(organization)s)
          ORDER BY organization_id, name LIMIT 1)
        UNION ALL
        SELECT next.organization_id, next.name FROM names CROSS JOIN LATERAL (
            SELECT organization_id, name FROM telemetry_event
             WHERE base_type = '' AND category = 'engagement'
               AND (organization_id, name) > (names.organization_id, names.name)
               AND (%(organization)s IS NULL OR organization_id = %(organization)s)
             ORDER BY organization_id, name LIMIT 1) next
    )
    SELECT count(*) FROM (SELECT FROM names LIMIT {MOST_NAMES}) listed
"""
WAITING = """
    SELECT count(*) FROM telemetry_quarantinedevent
    WHERE replayed_at IS NULL AND (%(organization)s IS NULL OR organization_id = %(organization)s)
"""


@dataclass(frozen=True, slots=True)
class RecentActivity:
    """`days` is oldest first and ends with today; `by_organization` is of today and the seven days before."""

    days: list[int]
    by_organization: dict[int, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """At most MOST_NAMES unmapped names are counted."""

    quarantined: int
    unmapped_names: int


def recent_activity(organization_id: int | None, *, as_of: datetime) -> RecentActivity:
    with connection.cursor() as cursor:
        cursor.execute(RECENT, {"organization": organization_id, "now": as_of})
        rows = cursor.fetchall()
    days = {days_ago: total for pk, days_ago, total in rows if pk is None}
    return RecentActivity(
        [int(days.get(days_ago, 0)) for days_ago in reversed(range(DAYS + 1))],
        {pk: int(total) for pk, _, total in rows if pk is not None},
    )


def waiting(organization_id: int | None) -> Waiting:
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"organization": organization_id})
        quarantined = cursor.fetchone()[0]
        cursor.execute(UNMAPPED, {"organization": organization_id})
        return Waiting(quarantined, cursor.fetchone()[0])
