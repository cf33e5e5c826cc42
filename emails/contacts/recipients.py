"""What is to be known of a range of clients before it is decided about them: their timezones and odd addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection

from emails.addresses import is_one_address


def asked_for(*, organization: str, client: str) -> str:
    """The condition that a row, of whatever table, is of the clients of `range_of`."""
    return f"""
    {organization} = %(organization)s AND {client} >= coalesce(%(first)s, 1)
    AND (%(last)s::bigint IS NULL OR {client} <= %(last)s)
    AND (%(clients)s::bigint[] IS NULL OR {client} = ANY(%(clients)s))
"""


CLIENTS = asked_for(organization="client.organization_id", client="client.id")
# Nearly every address, and none that the outbox would refuse. It is asked about the others, which are few.
PLAIN = r"^[0-9A-Za-z_+-]+(\.[0-9A-Za-z_+-]+)*@([0-9A-Za-z]+(-+[0-9A-Za-z]+)*\.)+[A-Za-z]{2,}$"
# Of a domain's parts each may be so long: in an address that is no longer none is.
LONGEST_PLAIN = 63
IS_PLAIN = "(client.email ~ %(plain)s AND length(client.email) <= %(longest_plain)s)"

# Locked in ascending order, before the statement that counts begins: who decides about the same clients waits, and
# then counts what the other one left. Ranges that begin with a stripe do not wait for each other.
STRIPE = 1024
LOCK = f"""
SELECT count(pg_advisory_xact_lock(hashtextextended('emails_contact:' || %(organization)s, stripe)))
FROM (SELECT DISTINCT client.id / {STRIPE} %% 256 AS stripe FROM accounts_client AS client WHERE {CLIENTS}
      ORDER BY stripe) AS locked
"""
ODDITIES = f"""
SELECT DISTINCT coalesce(client.timezone, ''), CASE WHEN client.email = '' OR {IS_PLAIN} THEN '' ELSE client.email END
FROM accounts_client AS client WHERE {CLIENTS}
"""


@dataclass(frozen=True, slots=True)
class Oddities:
    """By the name that a client's row has; and the valid ones among addresses that are not plain."""

    timezones: Mapping[str, ZoneInfo]
    addresses: Sequence[str]


def range_of(
    organization_id: int | None,
    *,
    first_client: int | None = None,
    last_client: int | None = None,
    clients: Sequence[int | None] | None = None,
) -> dict[str, Any]:
    """Parameters of the clients, for the statements that read them."""
    return {
        "organization": organization_id,
        "first": first_client,
        "last": last_client,
        "clients": None if clients is None else list(clients),
        "plain": PLAIN,
        "longest_plain": LONGEST_PLAIN,
    }


def lock_clients(clients: Mapping[str, Any]) -> None:
    """Until the transaction ends. One that decides more than once does it in ascending order of clients."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, clients)


def oddities_of(clients: Mapping[str, Any]) -> Oddities:
    with connection.cursor() as cursor:
        cursor.execute(ODDITIES, clients)
        rows = cursor.fetchall()
    timezones = {name: zone for name in {name for name, _address in rows} if (zone := timezone_named(name))}
    return Oddities(timezones, [address for address in {address for _name, address in rows} if is_one_address(address)])


def timezone_named(name: str) -> ZoneInfo | None:
    """None for the empty name, and for one that no timezone has (any more)."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
