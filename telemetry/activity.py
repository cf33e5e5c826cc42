"""Daily activity and last activity as queries over events: for everything that derives them anew.

Recording adds to them in `telemetry_record_events`; a rebuild must come to the same rows.
"""

from telemetry.event_types import LAUNCH_KIT_VIEWED, EventType

COUNTERS = tuple(str(name) for name in EventType)
SUMMED = ("total", *COUNTERS, "unmapped", "launch_kit_views", "duration_seconds")
COLUMNS = ("organization_id", "client_id", "day", *SUMMED, "first_at", "last_at")

_COUNTED = ", ".join(f"count(*) FILTER (WHERE e.base_type = '{name}') AS {name}" for name in COUNTERS)

# Of the events that `where` lets through. Days are those of the organization's timezone.
FROM_EVENTS = f"""
    SELECT e.organization_id, e.client_id, (e.occurred_at AT TIME ZONE o.timezone)::date AS day,
           count(*) AS total, {_COUNTED}, count(*) FILTER (WHERE e.base_type = '') AS unmapped,
           count(*) FILTER (WHERE e.name = '{LAUNCH_KIT_VIEWED}') AS launch_kit_views,
           coalesce(sum(e.duration_seconds), 0) AS duration_seconds,
           min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at
      FROM telemetry_event e JOIN accounts_organization o ON o.id = e.organization_id
     WHERE e.category = 'engagement' AND e.client_id IS NOT NULL AND {{where}}
     GROUP BY e.organization_id, e.client_id, day
"""

_ADDED = ", ".join(f"sum({name}) AS {name}" for name in SUMMED)

# What the stored events of one organization say and what dropped months had said.
ALL_ACTIVITY = f"""
    SELECT organization_id, client_id, day, {_ADDED}, min(first_at) AS first_at, max(last_at) AS last_at
      FROM ({FROM_EVENTS.format(where="e.organization_id = %(organization)s")}
            UNION ALL
            SELECT {", ".join(COLUMNS)} FROM telemetry_retiredactivity
             WHERE organization_id = %(organization)s) AS parts
     GROUP BY organization_id, client_id, day
"""

LAST_ACTIVITY_COLUMNS = ("organization_id", "client_id", "first_at", "last_at", "launch_kit_first_day")
LAST_ACTIVITY = """
    SELECT organization_id, client_id, min(first_at) AS first_at, max(last_at) AS last_at,
           min(day) FILTER (WHERE launch_kit_views > 0) AS launch_kit_first_day
      FROM {daily} WHERE organization_id = %(organization)s GROUP BY organization_id, client_id
"""
