"""Deriving single days of single clients again from what is stored."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from telemetry.counters import COLUMNS, OF_COUNTS, OF_EVENTS

PAIRS = """
pair AS (
    SELECT DISTINCT client_id, day
      FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(client_id bigint, day date)
)
"""
FORGET_DAYS = f"""
WITH {PAIRS}
DELETE FROM telemetry_dailyactivity d USING pair
 WHERE d.organization_id = %(organization)s AND d.client_id = pair.client_id AND d.day = pair.day
"""
# The index finds the days by time; a timezone is never more than a day off.
DERIVE_DAYS = f"""
WITH {PAIRS}, stored AS (
    SELECT pair.client_id, pair.day, {OF_EVENTS}
      FROM pair
      JOIN accounts_organization o ON o.id = %(organization)s
      JOIN telemetry_event e
        ON e.organization_id = %(organization)s AND e.client_id = pair.client_id AND e.category = 'engagement'
       AND e.occurred_at >= (pair.day - 1)::timestamp AT TIME ZONE 'UTC'
       AND e.occurred_at < (pair.day + 2)::timestamp AT TIME ZONE 'UTC'
       AND (e.occurred_at AT TIME ZONE o.timezone)::date = pair.day
     GROUP BY pair.client_id, pair.day
), part(client_id, day, {COLUMNS}) AS (
    SELECT * FROM stored
    UNION ALL
    SELECT client_id, day, {COLUMNS} FROM telemetry_retiredactivity r JOIN pair USING (client_id, day)
     WHERE r.organization_id = %(organization)s
)
INSERT INTO telemetry_dailyactivity (organization_id, client_id, day, {COLUMNS})
SELECT %(organization)s, client_id, day, {OF_COUNTS} FROM part GROUP BY client_id, day ORDER BY day, client_id
"""
FORGET_CLIENTS = f"""
WITH {PAIRS}
DELETE FROM telemetry_clientactivity a USING pair
 WHERE a.organization_id = %(organization)s AND a.client_id = pair.client_id
"""
DERIVE_CLIENTS = f"""
WITH {PAIRS}
INSERT INTO telemetry_clientactivity (organization_id, client_id, first_at, last_at, launch_kit_first_day)
SELECT %(organization)s, d.client_id, min(d.first_at), max(d.last_at), min(d.day) FILTER (WHERE d.launch_kit_views > 0)
  FROM telemetry_dailyactivity d
 WHERE d.organization_id = %(organization)s AND d.client_id IN (SELECT client_id FROM pair)
 GROUP BY d.client_id ORDER BY d.client_id
"""


def rederive_days(organization_id: int, pairs: Iterable[tuple[int, date]]) -> None:
    """Make daily activity of these (client, day), and activity of these clients, what the events say.

    Needs the organization's scope and its activity lock, exclusively.
    """
    wanted = [{"client_id": client_id, "day": day.isoformat()} for client_id, day in pairs]
    if not wanted:
        return
    parameters: dict[str, Any] = {"organization": organization_id, "pairs": json.dumps(wanted)}
    with connection.cursor() as cursor:
        for statement in (FORGET_DAYS, DERIVE_DAYS, FORGET_CLIENTS, DERIVE_CLIENTS):
            cursor.execute(statement, parameters)
