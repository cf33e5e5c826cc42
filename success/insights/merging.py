"""What becomes of a client's insights when it turns out to be another one."""

from typing import Any

from django.db import connection

# Several former clients may have one of a kind for the same week: what was seen is kept, else the oldest.
MOVE = """
WITH merged AS (SELECT * FROM unnest(%(former)s::bigint[], %(own)s::bigint[]) AS merged (former, own)),
kept AS (
    SELECT DISTINCT ON (own, period_end, kind) insight.id, own
    FROM merged
    JOIN success_insight AS insight ON insight.organization_id = %(organization)s AND insight.client_id = merged.former
    WHERE NOT EXISTS (
        SELECT FROM success_insight AS theirs
        WHERE theirs.organization_id = %(organization)s AND theirs.client_id = merged.own
            AND theirs.period_end = insight.period_end AND theirs.kind = insight.kind
    )
    ORDER BY own, period_end, kind, insight.status = 'unread', insight.id
)
UPDATE success_insight AS insight SET client_id = kept.own FROM kept
WHERE insight.organization_id = %(organization)s AND insight.id = kept.id
"""
DROP = "DELETE FROM success_insight WHERE organization_id = %(organization)s AND client_id = ANY(%(former)s)"


def move_insights(organization_id: int, merged: dict[int, int]) -> None:
    """Give each own client what it has none of; its own stay, and the rest is dropped. Needs the scope."""
    parameters: dict[str, Any] = {"organization": organization_id, "former": list(merged), "own": list(merged.values())}
    with connection.cursor() as cursor:
        cursor.execute(MOVE, parameters)
        cursor.execute(DROP, parameters)
