"""Deriving an organization's activity anew, and showing that it is what recording had made of the events."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from telemetry.activity import ALL_ACTIVITY, DAILY_COLUMNS, LAST_ACTIVITY, LAST_COLUMNS
from telemetry.activity_lock import activity_lock

# One statement sees one moment, and recording adds event and activity in one transaction: no lock is needed.
COMPARE = """
    WITH derived({columns}) AS MATERIALIZED ({query})
    SELECT coalesce(d.client_id, k.client_id), to_jsonb(k) AS stored, to_jsonb(d) AS derived
      FROM derived d
      FULL JOIN (SELECT {columns} FROM {table} WHERE organization_id = %(organization)s) k USING ({key})
     WHERE to_jsonb(d) IS DISTINCT FROM to_jsonb(k)
     ORDER BY {key}
"""
COMPARE_DAYS = COMPARE.format(
    columns=DAILY_COLUMNS,
    query=ALL_ACTIVITY,
    table="telemetry_dailyactivity",
    key="organization_id, client_id, day",
)
COMPARE_CLIENTS = COMPARE.format(
    columns=LAST_COLUMNS,
    query=LAST_ACTIVITY,
    table="telemetry_clientactivity",
    key="organization_id, client_id",
)
REBUILD = (
    "DELETE FROM telemetry_dailyactivity WHERE organization_id = %(organization)s",
    f"INSERT INTO telemetry_dailyactivity ({DAILY_COLUMNS}) {ALL_ACTIVITY}",
    "DELETE FROM telemetry_clientactivity WHERE organization_id = %(organization)s",
    f"INSERT INTO telemetry_clientactivity ({LAST_COLUMNS}) {LAST_ACTIVITY}",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A derived row that is not what is stored; None is a row that is not there."""

    client_id: int
    stored: dict[str, Any] | None
    derived: dict[str, Any] | None


def activity_differences(organization_id: int) -> list[Difference]:
    """What a rebuild would change; nothing when the derived tables are right. Needs the organization's scope."""
    differences: list[Difference] = []
    with connection.cursor() as cursor:
        for statement in (COMPARE_DAYS, COMPARE_CLIENTS):
            cursor.execute(statement, {"organization": organization_id})
            differences += [
                Difference(client_id, json.loads(stored or "null"), json.loads(derived or "null"))
                for client_id, stored, derived in cursor.fetchall()
            ]
    return differences


def rebuild_activity(organization_id: int) -> int:
    """Derive all days and last activities of the organization again; how many days there are.

    In the caller's transaction, alone with the organization's activity. Needs the organization's scope.
    """
    activity_lock(organization_id, exclusive=True)
    with connection.cursor() as cursor:
        for statement in REBUILD:
            cursor.execute(statement, {"organization": organization_id})
            if "INTO telemetry_dailyactivity" in statement:
                days: int = cursor.rowcount
    return days
