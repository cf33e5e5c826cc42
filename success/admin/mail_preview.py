"""A client's weekly mail, looked at before it is sent."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Client
from accounts.tenancy import organization_scope
from emails.models import Contact
from success.scoring import FIRST_PERIOD_END
from success.weekly_mail.previewing import Preview, newest_period_end, preview_of

WEEK = timedelta(days=7)
WIDTHS = {"desktop": "100%", "phone": "375px"}


def show_weekly_mail(request: HttpRequest, client: Client, *, opts: Any) -> HttpResponse:
    """`week` is a period end, `show` is a width or "text"."""
    now = timezone.now()
    newest = newest_period_end(client.organization, as_of=now)
    week = _asked_week(request, newest)
    with organization_scope(client.organization_id):
        preview = preview_of(client, period_end=week, as_of=now)
    show = request.GET.get("show", "")
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Weekly mail of %(client)s") % {"client": client},
        "opts": opts,
        "original": client,
        "client": client,
        "preview": preview,
        "verdict": verdict(preview, client=client),
        "week": week,
        "before": week - WEEK if week - WEEK >= FIRST_PERIOD_END else None,
        "after": week + WEEK if week < newest else None,
        "show": show if show in {*WIDTHS, "text"} else "desktop",
        "shows": [("desktop", _("Wide")), ("phone", _("Phone")), ("text", _("Plain text"))],
        "width": WIDTHS.get(show, WIDTHS["desktop"]),
    }
    return TemplateResponse(request, "admin/success/mail_preview.html", context)


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


def _asked_week(request: HttpRequest, newest: date) -> date:
    try:
        asked = parse_date(request.GET.get("week", ""))
    except ValueError:
        asked = None
    return min(max(asked, FIRST_PERIOD_END), newest) if asked else newest
