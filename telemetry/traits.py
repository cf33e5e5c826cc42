"""What applications told about a client: the newest value of each trait, whatever order they came in."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection

# A trait that cannot be read as a time is no sign-up date; left out here, it cannot hide an older one either.
TOLD = """
WITH told AS (
    SELECT e.client_id, t.key, t.value, e.occurred_at, e.message_id
      FROM telemetry_event e
     CROSS JOIN LATERAL (
           SELECT key, value FROM jsonb_each(e.data) WHERE e.call = 'identify'
           UNION ALL
           SELECT 'group', jsonb_build_object('id', e.data -> 'groupId', 'traits', e.data -> 'traits')
            WHERE e.call = 'group') AS t
     WHERE e.organization_id = %(organization)s AND e.call IN ('identify', 'group') AND e.client_id IS NOT NULL
       AND (t.key <> 'createdAt' OR telemetry_readable_time(t.value) IS NOT NULL)
       AND {which}
), newest AS (
    SELECT DISTINCT ON (client_id, key) * FROM told ORDER BY client_id, key, occurred_at DESC, message_id DESC
), changed AS (
    INSERT INTO telemetry_clienttrait AS known (organization_id, client_id, key, value, changed_at, message_id)
    SELECT %(organization)s, client_id, key, value, occurred_at, message_id FROM newest ORDER BY client_id, key
        ON CONFLICT (organization_id, client_id, key) DO UPDATE
       SET value = excluded.value, changed_at = excluded.changed_at, message_id = excluded.message_id
     WHERE (excluded.changed_at, excluded.message_id) > (known.changed_at, known.message_id)
    RETURNING client_id, key
)
SELECT client_id, key FROM changed WHERE key IN ('name', 'firstName', 'lastName', 'email', 'createdAt')
"""
COLUMNS = """
WITH changed AS (
    SELECT unnest(%(clients)s::bigint[]) AS client_id, unnest(%(keys)s::text[]) AS key
), value AS (
    SELECT t.client_id, t.key, t.value,
           CASE jsonb_typeof(t.value) WHEN 'string' THEN nullif(btrim(t.value #>> '{}'), '') END AS text
      FROM telemetry_clienttrait t
     WHERE t.organization_id = %(organization)s AND t.client_id = ANY (%(clients)s)
), fact AS (
    SELECT client_id,
           bool_or(key IN ('name', 'firstName', 'lastName')) AS has_name,
           bool_or(key = 'email') AS has_email,
           bool_or(key = 'createdAt') AS has_date
      FROM changed GROUP BY client_id
), own AS (
    SELECT f.*, v.* FROM fact f
     CROSS JOIN LATERAL (
           SELECT coalesce(max(text) FILTER (WHERE key = 'name'),
                           concat_ws(' ', max(text) FILTER (WHERE key = 'firstName'),
                                          max(text) FILTER (WHERE key = 'lastName'))) AS name,
                  coalesce(max(text) FILTER (WHERE key = 'email'), '') AS email,
                  max(telemetry_readable_time(value)) FILTER (WHERE key = 'createdAt') AS signed_up_at
             FROM value WHERE value.client_id = f.client_id) v
), locked AS (
    SELECT id FROM accounts_client
     WHERE organization_id = %(organization)s AND id IN (SELECT client_id FROM fact)
     ORDER BY id FOR NO KEY UPDATE
)
UPDATE accounts_client c
   SET name = CASE WHEN own.has_name THEN left(own.name, 255) ELSE c.name END,
       email = CASE WHEN own.has_email AND length(own.email) <= 320 THEN own.email ELSE c.email END,
       signed_up_at = CASE WHEN own.has_date THEN own.signed_up_at ELSE c.signed_up_at END
  FROM own JOIN locked ON locked.id = own.client_id
 WHERE c.organization_id = %(organization)s AND c.id = own.client_id
"""
OF_MESSAGES = "e.message_id = ANY (%(messages)s) AND e.received_month = ANY (%(months)s)"
OF_ANONYMOUS = "e.anonymous_id = ANY (%(anonymous)s)"
OF_CLIENTS = "e.client_id = ANY (%(clients)s)"


def apply_traits(organization_id: int, *, message_ids: Sequence[str], months: Sequence[date]) -> None:
    """Apply what these messages told, which were received in these months.

    Needs the organization's scope; safe to repeat.
    """
    _apply(organization_id, OF_MESSAGES, messages=list(message_ids), months=list(months))


def apply_traits_of_anonymous(organization_id: int, anonymous_ids: Sequence[str]) -> None:
    """Apply what was told under these anonymous ids before it was known whose they are."""
    _apply(organization_id, OF_ANONYMOUS, anonymous=list(anonymous_ids))


def apply_traits_of_clients(organization_id: int, client_ids: Sequence[int]) -> None:
    """Apply again everything that the stored messages of these clients told."""
    _apply(organization_id, OF_CLIENTS, clients=list(client_ids))


def follow_traits(organization_id: int, changed: Sequence[tuple[int, str]]) -> None:
    """Set the clients' columns that follow from the traits which changed."""
    if not changed:
        return
    clients, keys = zip(*changed, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, {"organization": organization_id, "clients": list(clients), "keys": list(keys)})


def _apply(organization_id: int, which: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TOLD.format(which=which), {"organization": organization_id, **parameters})
        changed = cursor.fetchall()
    follow_traits(organization_id, changed)
