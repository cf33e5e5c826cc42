"""Daily activity and last activity of a whole organization as queries: for what derives them anew.

Recording adds to both in `telemetry_record_events`; a rebuild must come to the same rows.
"""

from telemetry.counters import COLUMNS, OF_COUNTS, OF_EVENTS

# What the stored events say and what dropped months had said.
ALL_ACTIVITY = f"""
    SELECT part.organization_id, part.client_id, part.day, {OF_COUNTS}
      FROM (SELECT e.organization_id, e.client_id, (e.occurred_at AT TIME ZONE
                   (SELECT timezone FROM accounts_organization WHERE id = %(organization)s))::date, {OF_EVENTS}
              FROM telemetry_event e
             WHERE e.organization_id = %(organization)s AND e.category = 'engagement' AND e.client_id IS NOT NULL
             GROUP BY 1, 2, 3
             UNION ALL
            SELECT organization_id, client_id, day, {COLUMNS} FROM telemetry_retiredactivity
             WHERE organization_id = %(organization)s) AS part(organization_id, client_id, day, {COLUMNS})
     GROUP BY part.organization_id, part.client_id, part.day
"""
DAILY_COLUMNS = f"organization_id, client_id, day, {COLUMNS}"

LAST_ACTIVITY = """
    SELECT organization_id, client_id, min(first_at), max(last_at), min(day) FILTER (WHERE launch_kit_views > 0)
      FROM telemetry_dailyactivity WHERE organization_id = %(organization)s GROUP BY organization_id, client_id
"""
LAST_COLUMNS = "organization_id, client_id, first_at, last_at, launch_kit_first_day"
