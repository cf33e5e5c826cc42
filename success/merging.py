"""What becomes of a client's tasks, feedback, insights, milestones and mail when it turns out to be another one."""

from typing import Any

from django.db import connection
from django.dispatch import receiver

from emails.merging import merge_mail
from success.insights.merging import move_insights
from success.milestones.merging import move_milestones
from telemetry.signals import clients_merged

MOVE = """
UPDATE {table} SET client_id = merged.own
FROM unnest(%s::bigint[], %s::bigint[]) AS merged (former, own)
WHERE organization_id = %s AND client_id = merged.former
"""
# One external id names one task: of those that come together the one that was changed last stays.
DROP_DOUBLED_TASKS = """
DELETE FROM success_task USING (
    SELECT task.id, row_number() OVER (
        PARTITION BY merged.own, task.external_id ORDER BY task.updated_at DESC, task.id DESC
    ) AS place
    FROM success_task AS task
    JOIN (
        SELECT former AS client_id, own FROM unnest(%s::bigint[], %s::bigint[]) AS merged (former, own)
        UNION SELECT own, own FROM unnest(%s::bigint[]) AS own
    ) AS merged USING (client_id)
    WHERE task.organization_id = %s AND task.external_id <> ''
) AS doubled
WHERE success_task.organization_id = %s AND success_task.id = doubled.id AND doubled.place > 1
"""
# The own client's mark stays; of several former ones' the day on which the last of them left.
MERGE_CHURN = """
WITH merged AS (SELECT * FROM unnest(%(formers)s::bigint[], %(owns)s::bigint[]) AS merged (former, own)),
moved AS (
    SELECT DISTINCT ON (own) churn.id, own FROM merged
    JOIN success_churn AS churn ON churn.organization_id = %(organization)s AND churn.client_id = merged.former
    WHERE NOT EXISTS (
        SELECT FROM success_churn AS theirs
        WHERE theirs.organization_id = %(organization)s AND theirs.client_id = merged.own
    )
    ORDER BY own, churn.churned_on DESC, churn.id
),
dropped AS (
    DELETE FROM success_churn USING merged
    WHERE organization_id = %(organization)s AND client_id = merged.former AND id NOT IN (SELECT id FROM moved)
)
UPDATE success_churn SET client_id = moved.own FROM moved
WHERE organization_id = %(organization)s AND success_churn.id = moved.id
"""


@receiver(clients_merged)
def move_to_merged_clients(sender: Any, *, organization_id: int, merged: dict[int, int], **kwargs: Any) -> None:
    """So that scores do not depend on when the two were found to be one. In the transaction that merges."""
    with connection.cursor() as cursor:
        formers, owns = list(merged), list(merged.values())
        cursor.execute(DROP_DOUBLED_TASKS, [formers, owns, owns, organization_id, organization_id])
        for table in ("success_task", "success_feedback", "success_feedbackrequest"):
            cursor.execute(MOVE.format(table=table), [formers, owns, organization_id])
        cursor.execute(MERGE_CHURN, {"formers": formers, "owns": owns, "organization": organization_id})
    move_insights(organization_id, merged)
    move_milestones(organization_id, merged)
    merge_mail(organization_id, merged)
