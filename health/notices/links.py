"""The link by which a member stops one kind of notice, without signing in: the token is the permission."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from health.models import NoticePreference

SALT = "health.notices"
# What of a member's preferences each kind of notice follows.
FIELDS = {"critical_alerts": "critical_at_once", "alert_digest": "daily_digest"}


class UnknownTokenError(LookupError):
    """No such link was ever handed out."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose notices a link is about, and of which kind."""

    organization_id: int
    user_id: int
    kind: str


def stop_headers(holder: Holder) -> dict[str, str]:
    """So that mail programs show a button of their own (RFC 2369, RFC 8058)."""
    token = signing.Signer(salt=SALT).sign_object([holder.organization_id, holder.user_id, holder.kind])
    address = f"{settings.BASE_URL}{reverse('notice-stop', kwargs={'token': token})}"
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def read_token(token: str) -> Holder:
    """Raises UnknownTokenError."""
    try:
        holder = Holder(*signing.Signer(salt=SALT).unsign_object(token))
    except (signing.BadSignature, ValueError, TypeError):
        raise UnknownTokenError from None
    if holder.kind not in FIELDS:
        raise UnknownTokenError
    return holder


def wants(holder: Holder) -> bool:
    """Needs the organization's scope."""
    said = NoticePreference.objects.filter(organization=holder.organization_id, user=holder.user_id).first()
    return bool(getattr(said or NoticePreference(), FIELDS[holder.kind]))


def stop(holder: Holder) -> None:
    """Needs the organization's scope. What else the member chose stays."""
    NoticePreference.objects.update_or_create(
        organization_id=holder.organization_id, user_id=holder.user_id, defaults={FIELDS[holder.kind]: False}
    )
