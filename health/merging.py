"""What becomes of alerts and notes of a client that turns out to be another one."""

from typing import Any

from django.db import connection
from django.dispatch import receiver
from django.utils import timezone

from health.contention import until_it_passes
from telemetry.signals import clients_merged

MERGED = "merged AS (SELECT * FROM unnest(%(formers)s::bigint[], %(owns)s::bigint[]) AS merged (former, own))"

# Of the alerts that would last for one client and matter then, that of the client that is left stays, else the oldest.
RESOLVE = f"""
WITH {MERGED},
lasting AS (
    SELECT alert.id, alert.resolved_at, row_number() OVER (
        PARTITION BY coalesce(merged.own, alert.client_id), alert.matter
        ORDER BY alert.resolved_at IS NOT NULL, merged.own IS NOT NULL, alert.opened_at, alert.id
    ) AS place
    FROM health_alert AS alert LEFT JOIN merged ON merged.former = alert.client_id
    WHERE alert.organization_id = %(organization)s AND alert.ended_at IS NULL
        AND (merged.own IS NOT NULL OR alert.client_id IN (SELECT own FROM merged))
),
surplus AS (
    UPDATE health_alert AS alert SET ended_at = %(at)s, resolved_at = coalesce(alert.resolved_at, %(at)s),
        resolution = CASE WHEN alert.resolved_at IS NULL THEN 'client_left_out' ELSE alert.resolution END
    FROM lasting WHERE alert.id = lasting.id AND lasting.place > 1
    RETURNING alert.id, lasting.resolved_at IS NULL AS resolves
)
INSERT INTO health_alertentry (organization_id, alert_id, step, at, before, after, note)
SELECT %(organization)s, id, 'resolved', %(at)s, '{{}}', jsonb_build_object('resolution', 'client_left_out'), ''
FROM surplus WHERE resolves
"""
MOVE = f"""
WITH {MERGED}
UPDATE {{table}} AS moved SET client_id = merged.own
FROM merged WHERE moved.organization_id = %(organization)s AND moved.client_id = merged.former
"""


@receiver(clients_merged)
def move_to_merged_clients(sender: Any, *, organization_id: int, merged: dict[int, int], **kwargs: Any) -> None:
    """Keep their history with the client that is left, and one alert of each matter. In the transaction that merges."""
    parameters: dict[str, Any] = {
        "organization": organization_id,
        "formers": list(merged),
        "owns": list(merged.values()),
        "at": timezone.now(),
    }

    def move() -> None:
        with connection.cursor() as cursor:
            cursor.execute(RESOLVE, parameters)
            for table in ("health_alert", "health_clientnote"):
                cursor.execute(MOVE.format(table=table), parameters)

    # A check may open an alert of the client that is left in the meantime.
    until_it_passes(move)
