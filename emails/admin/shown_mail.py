"""A sent mail as its recipient sees it, in a frame that can do nothing: no script, no form, no link, nothing loaded.

Of its links those parts are left out that let in whoever has them: whoever reads along must not choose or answer in
the recipient's name.
"""

import re

from django.utils.html import format_html
from django.utils.translation import gettext as _

from emails.models import OutboxEmail
from emails.tracking.links import TOKEN

# Not even our own pixel, which would tell that the mail was opened.
NOTHING_LOADS = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
LINK = re.compile(r"""https?://[^\s"'<>]+""")


def shown_html(email: OutboxEmail) -> str:
    if email.is_secret:
        return hidden()
    if not email.html:
        return _("This mail has plain text only.")
    return format_html(
        '<iframe sandbox referrerpolicy="no-referrer" title="{}" srcdoc="{}" class="bg-white border border-base-200'
        ' dark:border-base-700 rounded-default w-full" style="color-scheme: light; height: 75vh"></iframe>',
        _("The mail"),
        NOTHING_LOADS + without_tokens(email.html),
    )


def shown_text(email: OutboxEmail) -> str:
    if email.is_secret:
        return hidden()
    return format_html(
        '<pre class="font-mono text-sm whitespace-pre-wrap" tabindex="0">{}</pre>', without_tokens(email.text)
    )


def without_tokens(text: str) -> str:
    return LINK.sub(_without_tokens, text)


def _without_tokens(link: re.Match[str]) -> str:
    scheme, nothing, host, *path = link[0].split("/")
    return "/".join([scheme, nothing, host, *("…" if TOKEN.fullmatch(part) else part for part in path)])


def hidden() -> str:
    return _("Not shown: its links let in whoever has them, so nobody but its recipient reads it.")
