"""Making two clients one, when an alias says that they always were."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from telemetry.counters import COLUMNS, OF_COUNTS, SUMMED
from telemetry.rederiving import rederive_days
from telemetry.signals import clients_merged

PAIR = "pair AS (SELECT * FROM jsonb_to_recordset(%(pairs)s::jsonb) AS p(former bigint, own bigint))"
OF_PAIR = "{row}.organization_id = %(organization)s AND {row}.client_id = pair.former"
ADDED = ", ".join(f"{name} = known.{name} + excluded.{name}" for name in SUMMED)

MOVE_DAYS = f"""
WITH {PAIR}
DELETE FROM telemetry_dailyactivity d USING pair WHERE {OF_PAIR.format(row="d")} RETURNING pair.own, d.day
"""
MOVE_RETIRED = f"""
WITH {PAIR}, gone AS (
    DELETE FROM telemetry_retiredactivity r USING pair WHERE {OF_PAIR.format(row="r")} RETURNING pair.own, r.*
)
INSERT INTO telemetry_retiredactivity AS known (organization_id, client_id, day, {COLUMNS})
SELECT %(organization)s, own, day, {OF_COUNTS} FROM gone GROUP BY own, day ORDER BY day, own
    ON CONFLICT (organization_id, day, client_id) DO UPDATE
   SET {ADDED}, first_at = least(known.first_at, excluded.first_at),
       last_at = greatest(known.last_at, excluded.last_at)
"""
MOVE_TRAITS = f"""
WITH {PAIR}, gone AS (
    DELETE FROM telemetry_clienttrait t USING pair WHERE {OF_PAIR.format(row="t")} RETURNING pair.own, t.*
)
INSERT INTO telemetry_clienttrait AS known (organization_id, client_id, key, value, changed_at, message_id)
SELECT DISTINCT ON (own, key) %(organization)s, own, key, value, changed_at, message_id
  FROM gone ORDER BY own, key, changed_at DESC, message_id DESC
    ON CONFLICT (organization_id, client_id, key) DO UPDATE
   SET value = excluded.value, changed_at = excluded.changed_at, message_id = excluded.message_id
 WHERE (excluded.changed_at, excluded.message_id) > (known.changed_at, known.message_id)
"""
# What was merged before points at the client that is left, so that a former id is one step away.
REDIRECT = f"""
WITH {PAIR}
UPDATE accounts_client c SET merged_into_id = pair.own
  FROM pair WHERE c.organization_id = %(organization)s AND c.merged_into_id = pair.former
"""
MOVE_EVENTS = f"""
WITH {PAIR}
UPDATE telemetry_event e SET client_id = pair.own FROM pair WHERE {OF_PAIR.format(row="e")}
"""
MOVE_IDENTITIES = f"""
WITH {PAIR}
UPDATE telemetry_clientidentity i SET client_id = pair.own FROM pair WHERE {OF_PAIR.format(row="i")}
"""
FORGET_ACTIVITY = f"""
WITH {PAIR}
DELETE FROM telemetry_clientactivity a USING pair WHERE {OF_PAIR.format(row="a")}
"""
ARCHIVE = f"""
WITH {PAIR}
UPDATE accounts_client c SET status = 'archived', merged_into_id = pair.own, user_id = NULL
  FROM pair JOIN accounts_client before ON before.id = pair.former
 WHERE c.organization_id = %(organization)s AND c.id = pair.former
RETURNING jsonb_build_object('own', pair.own, 'name', before.name, 'email', before.email,
                             'signed_up_at', before.signed_up_at, 'user_id', before.user_id)
"""
# What is known of the former client fills what is not known of the one that is left.
INHERIT = """
WITH former AS (
    SELECT own, min(nullif(name, '')) AS name, min(nullif(email, '')) AS email, min(signed_up_at) AS signed_up_at,
           min(user_id) AS user_id
      FROM jsonb_to_recordset(%(formers)s::jsonb)
           AS f(own bigint, name text, email text, signed_up_at timestamptz, user_id bigint)
     GROUP BY own
)
UPDATE accounts_client c
   SET name = coalesce(nullif(c.name, ''), former.name, ''), email = coalesce(nullif(c.email, ''), former.email, ''),
       signed_up_at = coalesce(c.signed_up_at, former.signed_up_at), user_id = coalesce(c.user_id, former.user_id)
  FROM former WHERE c.organization_id = %(organization)s AND c.id = former.own
"""


def merge_clients(organization_id: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Merge each first client into the second: everything moves, the first is archived and points at it.

    Gives the clients that are left. Needs the organization's scope and its activity lock, exclusively.
    Sends `clients_merged` in the same transaction.
    """
    resolved = _resolved(pairs)
    if not resolved:
        return []
    parameters: dict[str, Any] = {
        "organization": organization_id,
        "pairs": json.dumps([{"former": former, "own": own} for former, own in resolved.items()]),
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE_DAYS, parameters)
        days: list[tuple[int, date]] = cursor.fetchall()
        for statement in (MOVE_RETIRED, MOVE_TRAITS, MOVE_EVENTS, MOVE_IDENTITIES, FORGET_ACTIVITY, REDIRECT):
            cursor.execute(statement, parameters)
        cursor.execute(ARCHIVE, parameters)
        formers = [json.loads(row) for (row,) in cursor.fetchall()]
        cursor.execute(INHERIT, {"organization": organization_id, "formers": json.dumps(formers)})
    rederive_days(organization_id, days)
    clients_merged.send(sender=None, organization_id=organization_id, merged=resolved)
    return sorted(set(resolved.values()))


def _resolved(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Each client with the one it ends up in, through chains; two that were one already stay."""
    into: dict[int, int] = {}

    def last(client: int) -> int:
        while client in into:
            client = into[client]
        return client

    for former, own in pairs:
        if last(former) != last(own):
            into[last(former)] = last(own)
    return {former: last(former) for former in into}
