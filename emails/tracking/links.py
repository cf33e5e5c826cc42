"""A mail's links by way of our own, and the picture that tells of its opening.

Where a link leads is frozen in the mail's row; its address here says only which mail and which of its links.
"""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.encoding import iri_to_uri

# What goes into a link is written by our own templates and by css-inline: lower case, quoted, `>` escaped.
ANCHOR = re.compile(r"""(<a\s[^>]*?\bhref=)(?:"(https?://[^"]*)"|'(https?://[^']*)')([^>]*>)""")
# A template's word that a link is nobody's business.
UNTRACKED = "data-untracked"
# Part of a path that may let somebody in, or name somebody.
TOKEN = re.compile(r"(?=.*[0-9A-Z@])[^/]{16,}|[^/]*@[^/]*")
# Django refuses to redirect to what is longer, and so do some browsers.
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Tracked:
    """`links` are the targets in the order of their numbers, to be kept in the row of the mail."""

    html: str
    links: tuple[str, ...]


def tracked(html: str, *, organization_id: int, uid: UUID) -> Tracked:
    """The HTML of a mail with its http links led through `/mail/c/` and a picture of one pixel at its end.

    Links that manage the mail itself (below `/mail/`, or marked `data-untracked`) stay as they are, and so does all
    that is no http link. The setting MAIL_TRACKING may leave out the picture ("clicks") or everything ("off").
    """
    if not html or settings.MAIL_TRACKING == "off":
        return Tracked(html, ())
    name = f"{organization_id}.{uid.hex}"
    numbers: dict[str, int] = {}
    own_pages, prefix = f"{settings.BASE_URL}/mail/", f"{settings.BASE_URL}/mail/c/{name}/"

    def lead(anchor: re.Match[str]) -> str:
        before, double, single, after = anchor.groups()
        target = unescape(double or single).strip()
        if target.startswith(own_pages) or UNTRACKED in before or UNTRACKED in after or not _can_be_led_to(target):
            return anchor[0]
        return f'{before}"{prefix}{numbers.setdefault(target, len(numbers))}"{after}'

    led = ANCHOR.sub(lead, html)
    if settings.MAIL_TRACKING != "clicks":
        led = _with_picture(led, f"{settings.BASE_URL}/mail/o/{name}.gif")
    return Tracked(led, tuple(numbers))


def page_of(link: str) -> str:
    """What of a link is kept of a click: its page, without the query and without what only its reader should have."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    path = "/".join("…" if TOKEN.fullmatch(segment) else segment for segment in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}"[:LONGEST] if parts.netloc else ""


def _can_be_led_to(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    # PostgreSQL keeps no NUL in JSON.
    return bool(parts.hostname) and "\0" not in target and len(iri_to_uri(target)) <= LONGEST


def _with_picture(html: str, address: str) -> str:
    picture = f'<img src="{address}" width="1" height="1" alt="" style="display:block;border:0">'
    head, end, tail = html.rpartition("</body>")
    return f"{head}{picture}{end}{tail}" if end else html + picture
