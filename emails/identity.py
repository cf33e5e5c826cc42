"""How a mail is named outside: the same whenever its kind, key and address are, and nothing that can be guessed."""

import json
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail.message import sanitize_address
from django.utils.crypto import salted_hmac

SALT = "emails.identity"


def uid_of(organization_id: int | None, *, kind: str, key: str, to_address: str) -> UUID:
    named = json.dumps([organization_id, kind, key, to_address])
    return UUID(bytes=salted_hmac(SALT, named, algorithm="sha256").digest()[:16], version=5)


def message_id_of(uid: UUID) -> str:
    """In the domain of DEFAULT_FROM_EMAIL."""
    _local, _separator, domain = sanitize_address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1], "utf-8").rpartition("@")
    return f"<{uid.hex}@{domain or 'localhost'}>"


def idempotency_key_of(uid: UUID) -> str:
    """What a provider is given, so that it takes the same mail once however often it is handed over."""
    return uid.hex
