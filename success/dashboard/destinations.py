"""Where an insight may lead: to a page of this installation or into the organization's own application."""

import re
from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import Organization

SCHEMES = ("http", "https")
# What may stand in a header: nothing that would end the directive there.
HOST = re.compile(r"[a-z0-9.-]+")


def destination(url: str, organization: Organization) -> str | None:
    """The address if it is one of the allowed ones, else None. Rows are data: what an address says is not trusted."""
    if not url.isprintable() or "\\" in url:
        return None
    if url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None):
        return url
    origin = application_origin(organization)
    return url if origin and _origin(url) == origin else None


def application_origin(organization: Organization) -> str | None:
    """Scheme, host and port of the organization's application, as a content policy takes them."""
    return _origin(organization.app_url)


def _origin(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or not HOST.fullmatch(host) or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{host}{port}"
