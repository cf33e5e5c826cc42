"""Which key sent a request.

What is known of a key is kept in this process, and the statement that records the events compares it
with the key as it stands: a revoked key is refused at once everywhere, at the cost of no round trip.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.api_keys import digest
from accounts.authentication import secret_from_header
from telemetry.round_trips import fetch_one

FIND = "SELECT id, organization_id, kind, allowed_origins FROM telemetry_find_key(%s, %s)"
MOST_KNOWN = 10_000


class KeyChangedError(Exception):
    """The key is not any more what was known of it: it was revoked, say. Nothing was recorded."""


@dataclass(frozen=True, slots=True)
class SendingKey:
    id: int
    organization_id: int
    kind: str
    allowed_origins: list[str]


_known: OrderedDict[bytes, SendingKey] = OrderedDict()


def known_sending_key(secret: str, *, as_of: datetime) -> SendingKey | None:
    """The key as it was when this process last looked: whoever acts on it has to compare."""
    return _known.get(digest(secret)) or find_sending_key(secret, as_of=as_of)


def find_sending_key(secret: str, *, as_of: datetime) -> SendingKey | None:
    """The key that is not revoked and whose organization is open; notes its use once a minute."""
    key_digest = digest(secret)
    row = fetch_one(FIND, [key_digest, as_of])
    if row is None:
        _known.pop(key_digest, None)
        return None
    key = _known[key_digest] = SendingKey(*row)
    if len(_known) > MOST_KNOWN:
        _known.popitem(last=False)
    return key


def secret_of(request: HttpRequest, fields: Mapping[str, Any]) -> str:
    """The key as the SDKs send it: in the header, in the address, or as writeKey in the body."""
    secret = secret_from_header(request.headers.get("Authorization", "")) or request.GET.get("writeKey", "")
    in_body = fields.get("writeKey")
    return secret or (in_body if isinstance(in_body, str) else "")
