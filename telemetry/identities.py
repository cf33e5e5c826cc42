"""Whose an anonymous or former id is.

An anonymous id belongs to the client of the earliest message that ties it, whatever order the messages
come in, so that a second person at the same computer does not take over the past of the first.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import connection

from telemetry.merging import merge_clients
from telemetry.rederiving import rederive_days
from telemetry.traits import apply_traits_of_anonymous, apply_traits_of_clients, follow_traits

TOLD = """
told AS (
    SELECT t.former_id, t.is_alias, e.client_id, e.occurred_at, e.message_id
      FROM jsonb_to_recordset(%(ties)s::jsonb) AS t(former_id text, is_alias boolean, message_id text)
      JOIN telemetry_event e
        ON e.organization_id = %(organization)s AND e.message_id = t.message_id AND e.received_month = ANY (%(months)s)
     WHERE e.client_id IS NOT NULL
)
"""
# An alias may also name a client by its former id: then the two are one.
MERGES = f"""
WITH {TOLD}
SELECT c.id, told.client_id FROM told
  JOIN accounts_client c ON c.organization_id = %(organization)s AND c.external_id = told.former_id
 WHERE told.is_alias AND c.merged_into_id IS NULL AND c.id <> told.client_id
 ORDER BY told.occurred_at, told.message_id
"""
IS_NEWS = f"""
WITH {TOLD}
SELECT EXISTS (
    SELECT FROM told LEFT JOIN telemetry_clientidentity i
        ON i.organization_id = %(organization)s AND i.anonymous_id = told.former_id
     WHERE i.anonymous_id IS NULL OR (told.occurred_at, told.message_id) < (i.changed_at, i.message_id))
"""
TIE = f"""
WITH {TOLD}
INSERT INTO telemetry_clientidentity AS known (organization_id, anonymous_id, client_id, changed_at, message_id)
SELECT DISTINCT ON (former_id) %(organization)s, former_id, client_id, occurred_at, message_id
  FROM told ORDER BY former_id, occurred_at, message_id
    ON CONFLICT (organization_id, anonymous_id) DO UPDATE
   SET client_id = excluded.client_id, changed_at = excluded.changed_at, message_id = excluded.message_id
 WHERE (excluded.changed_at, excluded.message_id) < (known.changed_at, known.message_id)
RETURNING anonymous_id
"""
MOVE = """
WITH misplaced AS (
    SELECT e.id, e.received_month, e.client_id AS former_client, i.client_id AS own_client
      FROM telemetry_clientidentity i
      JOIN telemetry_event e ON e.organization_id = %(organization)s AND e.anonymous_id = i.anonymous_id
     WHERE i.organization_id = %(organization)s AND i.anonymous_id = ANY (%(anonymous)s)
       AND e.client_id IS DISTINCT FROM i.client_id
), moved AS (
    UPDATE telemetry_event e SET client_id = m.own_client
      FROM misplaced m
     WHERE e.organization_id = %(organization)s AND e.id = m.id AND e.received_month = m.received_month
    RETURNING m.former_client, m.own_client, e.message_id, e.category,
              (e.occurred_at AT TIME ZONE
               (SELECT o.timezone FROM accounts_organization o WHERE o.id = %(organization)s))::date AS day
), untold AS (
    DELETE FROM telemetry_clienttrait t USING moved
     WHERE t.organization_id = %(organization)s AND t.client_id = moved.former_client
       AND t.message_id = moved.message_id
    RETURNING t.client_id, t.key
)
SELECT ARRAY(SELECT DISTINCT own_client FROM moved),
       ARRAY(SELECT DISTINCT former_client FROM moved WHERE former_client IS NOT NULL),
       (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(c, day)), '[]') FROM moved,
               unnest(ARRAY[own_client, former_client]) c WHERE category = 'engagement' AND c IS NOT NULL),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(client_id, key)), '[]') FROM untold)
"""


@dataclass(frozen=True, slots=True)
class Tie:
    """A recorded message that says: this former id is the message's client. An alias may also mean a client."""

    former_id: str
    message_id: str
    is_alias: bool


class Ties:
    """The ties of one set of recorded messages. All of it needs the organization's scope."""

    def __init__(self, organization_id: int, ties: Sequence[Tie], *, months: Sequence[date]) -> None:
        self.organization_id = organization_id
        self.parameters: dict[str, Any] = {
            "organization": organization_id,
            "months": list(months),
            "ties": json.dumps([asdict(tie) for tie in ties]),
        }

    def are_news(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(IS_NEWS, self.parameters)
            is_news: bool = cursor.fetchone()[0]
        return is_news or bool(self._merges())

    def tie(self) -> list[int]:
        """Tie them; the clients that gained events. Needs the activity lock, exclusively; safe to repeat."""
        gained = merge_clients(self.organization_id, self._merges())
        with connection.cursor() as cursor:
            cursor.execute(TIE, self.parameters)
            anonymous_ids = [anonymous_id for (anonymous_id,) in cursor.fetchall()]
        return sorted({*gained, *self._move(anonymous_ids)})

    def _merges(self) -> list[tuple[int, int]]:
        with connection.cursor() as cursor:
            cursor.execute(MERGES, self.parameters)
            merges: list[tuple[int, int]] = cursor.fetchall()
        return merges

    def _move(self, anonymous_ids: list[str]) -> list[int]:
        """Give the events under these ids, and what they told, to the clients that the ids belong to now."""
        if not anonymous_ids:
            return []
        with connection.cursor() as cursor:
            cursor.execute(MOVE, {"organization": self.organization_id, "anonymous": anonymous_ids})
            own, former, days, untold = cursor.fetchone()
        rederive_days(self.organization_id, [(client, date.fromisoformat(day)) for client, day in json.loads(days)])
        apply_traits_of_anonymous(self.organization_id, anonymous_ids)
        if untold:
            apply_traits_of_clients(self.organization_id, former)
            follow_traits(self.organization_id, [(client, key) for client, key in json.loads(untold)])
        return list(own)
