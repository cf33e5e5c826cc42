"""Whether a weekly mail would be sent, said to staff."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Client
from emails.models import Contact
from success.weekly_mail.previewing import Preview


def verdict(preview: Preview, *, client: Client) -> str:
    """Whether it would be sent now, and why not."""
    if preview.decided:
        return _already(preview.decided, client)
    if preview.reason:
        return _("It would not be sent now: %(reason)s.") % {"reason": Contact.Reason(preview.reason).label}
    if preview.due_at:
        return _("It would be sent, on %(at)s.") % {"at": _moment(preview.due_at, client)}
    return ""


def _already(contact: Contact, client: Client) -> str:
    if contact.reason:
        text = _("Decided on %(at)s that it is not sent: %(reason)s.")
        return text % {"at": _moment(contact.decided_at, client), "reason": contact.get_reason_display()}
    text = _("Decided on %(at)s; now: %(state)s.")
    return text % {"at": _moment(contact.decided_at, client), "state": contact.get_status_display()}


def _moment(at: datetime, client: Client) -> str:
    zone = client.timezone or client.organization.timezone
    return f"{date_format(at.astimezone(zone), 'DATETIME_FORMAT')} ({zone})"
