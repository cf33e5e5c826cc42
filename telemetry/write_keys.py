"""Which key sent a request: found anew for each, so that a revoked key is refused at once everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest

from accounts.api_keys import digest
from accounts.authentication import secret_from_header

FIND = "SELECT id, organization_id, kind, allowed_origins FROM telemetry_find_key(%s, %s)"


@dataclass(frozen=True, slots=True)
class SendingKey:
    id: int
    organization_id: int
    kind: str
    allowed_origins: list[str]


def find_sending_key(secret: str, *, as_of: datetime) -> SendingKey | None:
    """The key that is not revoked and whose organization is open; notes its use."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, [digest(secret), as_of])
        row = cursor.fetchone()
    return SendingKey(*row) if row else None


def secret_of(request: HttpRequest, fields: Mapping[str, Any]) -> str:
    """The key as the SDKs send it: in the header, in the address, or as writeKey in the body."""
    secret = secret_from_header(request.headers.get("Authorization", "")) or request.GET.get("writeKey", "")
    in_body = fields.get("writeKey")
    return secret or (in_body if isinstance(in_body, str) else "")
