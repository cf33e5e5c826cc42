"""A sent mail as its recipient sees it, in a frame that can do nothing: no script, no form, no link, nothing loaded."""

from django.utils.html import format_html
from django.utils.translation import gettext as _

from emails.models import OutboxEmail

# Not even our own pixel, which would tell that the mail was opened.
NOTHING_LOADS = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)


def shown_html(email: OutboxEmail) -> str:
    if email.is_secret:
        return hidden()
    if not email.html:
        return _("This mail has plain text only.")
    return format_html(
        '<iframe sandbox referrerpolicy="no-referrer" title="{}" srcdoc="{}" class="bg-white border border-base-200'
        ' dark:border-base-700 rounded-default w-full" style="color-scheme: light; height: 75vh"></iframe>',
        _("The mail"),
        NOTHING_LOADS + email.html,
    )


def shown_text(email: OutboxEmail) -> str:
    if email.is_secret:
        return hidden()
    return format_html('<pre class="font-mono text-sm whitespace-pre-wrap" tabindex="0">{}</pre>', email.text)


def hidden() -> str:
    return _("Not shown: its links let in whoever has them, so nobody but its recipient reads it.")
