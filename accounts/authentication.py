import base64
import binascii
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.api_keys import digest
from accounts.models import ApiKey, Organization
from accounts.tenancy import all_organizations

LAST_USED_EVERY = timedelta(minutes=1)


class KeyUser(AnonymousUser):
    """What DRF calls the user of a request that a key authenticated."""

    is_authenticated = True  # type: ignore[assignment]


class SecretKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sk_…`, or Basic with the key as user name. `request.auth` is the ApiKey."""

    def authenticate(self, request: Request) -> tuple[KeyUser, ApiKey] | None:
        secret = secret_from_header(request.headers.get("Authorization", ""))
        if not secret:
            return None
        key = find_api_key(secret, kind=ApiKey.Kind.SECRET, as_of=timezone.now())
        if key is None:
            raise AuthenticationFailed("This is no valid secret key: make one in the admin under API keys.")
        return KeyUser(), key

    def authenticate_header(self, request: HttpRequest) -> str:
        return 'Bearer realm="api"'


def secret_from_header(header: str) -> str:
    """The key of an Authorization header, Bearer or Basic; empty when there is none to read."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def find_api_key(secret: str, *, kind: ApiKey.Kind, as_of: datetime) -> ApiKey | None:
    """The key that is not revoked and whose organization is open; notes its use, once a minute."""
    with all_organizations():
        key = (
            ApiKey.objects.select_related("organization")
            .filter(digest=digest(secret), kind=kind, revoked_at=None, organization__status=Organization.Status.ACTIVE)
            .first()
        )
        if key and (key.last_used_at is None or as_of - key.last_used_at > LAST_USED_EVERY):
            ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=as_of - LAST_USED_EVERY), pk=key.pk).update(
                last_used_at=as_of
            )
    return key
