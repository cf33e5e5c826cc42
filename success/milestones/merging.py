"""Milestones of two clients that turn out to be one."""

from typing import Any

from django.db import connection

# Of two of one key the earlier stays, and knows if either was celebrated or its reward given.
FOLD = """
WITH merged AS (SELECT * FROM unnest(%(formers)s::bigint[], %(owns)s::bigint[]) AS merged (former, own)),
ranked AS (
    SELECT milestone.id, row_number() OVER (of_key ORDER BY reached_on, milestone.id) AS place,
        min(celebrated_at) OVER of_key AS celebrated_at, min(reward_given_at) OVER of_key AS reward_given_at,
        first_value(reward_given_by_id) OVER (of_key ORDER BY reward_given_at NULLS LAST) AS reward_given_by_id
    FROM success_milestone AS milestone
    JOIN success_milestonedefinition AS definition ON definition.id = definition_id
    LEFT JOIN merged ON former = client_id
    WHERE milestone.organization_id = %(organization)s
      AND client_id IN (SELECT former FROM merged UNION SELECT own FROM merged)
    WINDOW of_key AS (PARTITION BY coalesce(own, client_id), key)
),
told AS (
    UPDATE success_milestone AS milestone
    SET celebrated_at = ranked.celebrated_at, reward_given_at = ranked.reward_given_at,
        reward_given_by_id = ranked.reward_given_by_id
    FROM ranked WHERE milestone.id = ranked.id AND place = 1
)
DELETE FROM success_milestone WHERE id IN (SELECT id FROM ranked WHERE place > 1)
"""
MOVE = """
UPDATE success_milestone SET client_id = own
FROM unnest(%(formers)s::bigint[], %(owns)s::bigint[]) AS merged (former, own)
WHERE organization_id = %(organization)s AND client_id = former
"""


def move_milestones(organization_id: int, merged: dict[int, int]) -> None:
    """Give what each former client has reached to the one that is left. Needs the organization's scope."""
    parameters: dict[str, Any] = {
        "organization": organization_id,
        "formers": list(merged),
        "owns": list(merged.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(FOLD, parameters)
        cursor.execute(MOVE, parameters)
