"""The partitions of the event table, one for each month in which events were received."""

from datetime import date

from django.db import connection

# The default partition takes what no month has a partition for.
STORED_MONTHS = r"""
    SELECT to_date(right(c.relname, 7), 'YYYY_MM') AS month
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'telemetry_event'::regclass AND c.relname ~ '^telemetry_event_\d{4}_\d{2}$'
     UNION
    SELECT received_month FROM telemetry_event_other
     ORDER BY month
"""


def create_partitions(first_month: date, *, months: int) -> int:
    """Make the partitions of these months where they are missing; how many were. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT telemetry_create_partitions(%s, %s)", [first_month, months])
        created: int = cursor.fetchone()[0]
    return created


def stored_months() -> list[date]:
    """The months that have a partition or rows, oldest first. Needs the scope of all organizations."""
    with connection.cursor() as cursor:
        cursor.execute(STORED_MONTHS)
        return [month for (month,) in cursor.fetchall()]


def retire_month(month: date) -> int:
    """Fold the month into retired activity and drop its events, in one transaction; how many there were.

    Raises OperationalError when locks are not to be had within seconds: try again later.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT telemetry_retire_month(%s)", [month])
        events: int = cursor.fetchone()[0]
    return events
