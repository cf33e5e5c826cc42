"""What becomes of a client's tasks, feedback, insights and milestones when it turns out to be another one."""

from typing import Any

from django.db import connection
from django.dispatch import receiver

from success.insights.merging import move_insights
from success.milestones.merging import move_milestones
from telemetry.signals import clients_merged

MOVE = """
UPDATE {table} SET client_id = merged.own
FROM unnest(%s::bigint[], %s::bigint[]) AS merged (former, own)
WHERE organization_id = %s AND client_id = merged.former
"""


@receiver(clients_merged)
def move_to_merged_clients(sender: Any, *, organization_id: int, merged: dict[int, int], **kwargs: Any) -> None:
    """So that scores do not depend on when the two were found to be one. In the transaction that merges."""
    with connection.cursor() as cursor:
        for table in ("success_task", "success_feedback"):
            cursor.execute(MOVE.format(table=table), [list(merged), list(merged.values()), organization_id])
    move_insights(organization_id, merged)
    move_milestones(organization_id, merged)
