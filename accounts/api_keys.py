"""Write keys and secret keys: made, found and revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from accounts.audit import record_audit
from accounts.models import ApiKey, Organization, User

PREFIXES = {ApiKey.Kind.WRITE: "wk_", ApiKey.Kind.SECRET: "sk_"}


@dataclass(frozen=True)
class NewKey:
    """`secret` is known here and never again."""

    key: ApiKey
    secret: str


def digest(secret: str) -> bytes:
    # A key has 256 random bits, so a plain hash cannot be guessed back.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def create_api_key(
    organization: Organization,
    *,
    kind: ApiKey.Kind,
    name: str,
    created_by: User | None = None,
    allowed_origins: list[str] | None = None,
) -> NewKey:
    """Make a key and record it in the audit log. Needs the organization's scope."""
    secret = PREFIXES[kind] + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organization=organization,
        kind=kind,
        name=name,
        prefix=secret[:8],
        digest=digest(secret),
        allowed_origins=allowed_origins or [],
        created_by=created_by,
    )
    record_audit("api_key.created", subject=key, organization=organization, actor=created_by, changes={"kind": kind})
    return NewKey(key, secret)


def revoke_api_key(key: ApiKey, *, revoked_by: User | None, at: datetime) -> bool:
    """Revoke at once, everywhere; False when it was revoked before."""
    won = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at, revoked_by=revoked_by)
    if won:
        record_audit("api_key.revoked", subject=key, organization=key.organization, actor=revoked_by)
    return bool(won)
