"""The counters of a day, as fragments of SQL: one list for everything that writes daily activity."""

from telemetry.event_types import LAUNCH_KIT_VIEWED, EventType

SUMMED = ("total", *EventType.values, "unmapped", "launch_kit_views", "duration_seconds")
COLUMNS = ", ".join((*SUMMED, "first_at", "last_at"))

# Of rows of telemetry_event, which the query calls e.
OF_EVENTS = ", ".join(
    (
        "count(*)",
        *(f"count(*) FILTER (WHERE e.base_type = '{name}')" for name in EventType.values),
        "count(*) FILTER (WHERE e.base_type = '')",
        f"count(*) FILTER (WHERE e.name = '{LAUNCH_KIT_VIEWED}')",
        "coalesce(sum(e.duration_seconds), 0)",
        "min(e.occurred_at)",
        "max(e.occurred_at)",
    )
)
# Of rows that are counts themselves.
OF_COUNTS = ", ".join((*(f"sum({name})" for name in SUMMED), "min(first_at)", "max(last_at)"))
