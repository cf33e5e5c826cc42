"""A client's weekly mail, looked at before it is sent."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.models import Client
from accounts.tenancy import organization_scope
from success.scoring import FIRST_PERIOD_END
from success.weekly_mail.previewing import newest_period_end, preview_of
from success.weekly_mail.verdicts import verdict

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


def _asked_week(request: HttpRequest, newest: date) -> date:
    try:
        asked = parse_date(request.GET.get("week", ""))
    except ValueError:
        asked = None
    return min(max(asked, FIRST_PERIOD_END), newest) if asked else newest
