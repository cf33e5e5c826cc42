"""What may stand in a mail's head: one address, one line."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

LONGEST_DOMAIN = 253
# Of what RFC 5321 allows, nothing that some program on the way reads as a second address, a comment or a route.
# Letters are ASCII's: servers that take others before the @ are few, and Django would encode them into another box.
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
# They turn the text after them around, so that a name could show another address.
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Those that delivery writes itself, and those that would add a recipient or another body.
OWN_HEADERS = frozenset(
    {"from", "sender", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "return-path"}
)
OWN_PREFIXES = ("content-", "resent-", "received")


def validate_one_address(address: str) -> None:
    """Raise ValidationError unless it is exactly one address; Django alone would send "a@x.org, b@y.org" to two."""
    local, _separator, domain = address.rpartition("@")
    if not LOCAL_PART.fullmatch(local) or len(domain) > LONGEST_DOMAIN or domain.startswith("["):
        raise ValidationError(_("This is not exactly one address."), code="invalid_address")
    validate_email(address)


def is_one_address(address: str) -> bool:
    try:
        validate_one_address(address)
    except ValidationError:
        return False
    return True


def one_line(text: str, *, longest: int) -> str:
    """Without line breaks and other control characters: a line break in a header would begin another one."""
    visible = DIRECTIONS.sub("", text).encode("utf-8", "replace").decode()
    spaced = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in visible)
    return " ".join(spaced.split())[:longest]


def validate_headers(headers: dict[str, str]) -> None:
    """Raise ValidationError for a header that delivery writes itself, or that would not stay one header."""
    for name, value in headers.items():
        is_own = name.lower() in OWN_HEADERS or name.lower().startswith(OWN_PREFIXES)
        if is_own or not HEADER_NAME.fullmatch(name):
            raise ValidationError(_("A mail may not carry the header %(name)s.") % {"name": repr(name)}, code="header")
        if value != one_line(value, longest=len(value)):
            raise ValidationError(_("The header %(name)s is not one line.") % {"name": name}, code="header")
