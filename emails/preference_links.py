"""Links in mails by which clients say what they want, without signing in.

The token is the permission: it names organization, client and category, signed, and works as long as mails are kept.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from emails.categories import Category

SALT = "emails.preferences"


class UnknownTokenError(LookupError):
    """No such link was ever handed out."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose preferences a link is about; `category` is empty for all of them."""

    organization_id: int
    client_id: int
    category: Category | None


def preferences_url(organization_id: int, client_id: int) -> str:
    """The page of all categories; an absolute address."""
    return _absolute("mail-preferences", organization_id, client_id, "")


def unsubscribe_url(organization_id: int, client_id: int, category: Category | str) -> str:
    """The page that stops one category; an absolute address. A mail program may also POST to it (RFC 8058)."""
    return _absolute("mail-unsubscribe", organization_id, client_id, str(category))


def unsubscribe_headers(organization_id: int, client_id: int, category: Category | str) -> dict[str, str]:
    """For mails of a category, so that mail programs show a button of their own (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(organization_id, client_id, category)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def read_token(token: str) -> Holder:
    """Raises UnknownTokenError."""
    try:
        organization_id, client_id, category = signing.Signer(salt=SALT).unsign_object(token)
        return Holder(organization_id, client_id, Category(category) if category else None)
    except (signing.BadSignature, ValueError, TypeError):
        raise UnknownTokenError from None


def _absolute(page: str, organization_id: int, client_id: int, category: str) -> str:
    token = signing.Signer(salt=SALT).sign_object([organization_id, client_id, category])
    return f"{settings.BASE_URL}{reverse(page, kwargs={'token': token})}"
