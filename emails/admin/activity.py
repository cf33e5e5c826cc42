"""What became of all mails: the figures by week and kind above the list of events."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin
from accounts.permissions import Seat
from emails.admin.outbox import BoundedPaginator
from emails.admin.timeline import TellsOfActivity
from emails.kinds import title_of
from emails.models import MailActivity
from emails.tracking.figures import Figures, figures_of

Kind = MailActivity.Kind
WEEKS = 4
COLOURS = {
    Kind.DELIVERED: "success",
    Kind.OPENED: "info",
    Kind.CLICKED: "info",
    Kind.DEFERRED: "warning",
    Kind.BOUNCED: "danger",
    Kind.REJECTED: "danger",
    Kind.COMPLAINED: "danger",
    Kind.UNSUBSCRIBED: "warning",
}


@dataclass(frozen=True, slots=True)
class Share:
    """A count of those of which it is known; `aside` is what else was counted and is no answer."""

    title: str
    count: int
    whole: int
    aside: str = ""

    @property
    def percent(self) -> str:
        """Rounded down: 100 % means all of them."""
        return f"{math.floor(100 * self.count / self.whole)} %" if self.whole else ""


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    sent: int
    shares: tuple[Share, ...]
    lost: str


@admin.register(MailActivity)
class MailActivityAdmin(TellsOfActivity, NotWrittenByHand, TenantModelAdmin):
    list_before_template = "admin/emails/activity_figures.html"
    list_display = ("at", "what", "by", "about", "mail", "source", "organization")
    list_display_links = None
    list_filter = ("kind", "is_automatic", "source")
    list_select_related = ("email", "organization")
    list_per_page = 50
    paginator = BoundedPaginator
    ordering = ("-id",)
    fields = ("organization", "email", "at", "kind", "by", "about", "source")
    readonly_fields = fields

    class Media:
        css = {"all": ("admin_theme/mail_activity.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("event_key", "email__text", "email__html", "email__links")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Who turns pages or filters has seen the figures.
        figures = {} if request.GET else {"mail_weeks": self._weeks(request), "mail_weeks_shown": WEEKS}
        context = {**figures, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @display(description=_("what"), label=COLOURS, ordering="kind")
    def what(self, activity: MailActivity) -> tuple[str, str]:
        return activity.kind, activity.get_kind_display()

    def _weeks(self, request: HttpRequest) -> list[tuple[date, list[Line]]]:
        seat: Seat | None = getattr(request, "seat", None)
        organization_id = None if request.user.is_superuser or seat is None else seat.organization_id
        as_of = timezone.now()
        return weeks_of(figures_of(organization_id, since=as_of - timedelta(weeks=WEEKS), until=as_of))

    @display(description=_("mail"))
    def mail(self, activity: MailActivity) -> SafeString:
        email = activity.email
        address = reverse("admin:emails_outboxemail_change", args=[email.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', address, email.subject or title_of(email.kind))


def weeks_of(found: list[Figures]) -> list[tuple[date, list[Line]]]:
    """By week, the newest first."""
    return [(week, [_line_of(figures) for figures in group]) for week, group in groupby(found, lambda each: each.week)]


def _line_of(figures: Figures) -> Line:
    lost = (
        (figures.bounced, now("bounced")),
        (figures.complained, now("complained")),
        (figures.unsubscribed, now("unsubscribed")),
    )
    return Line(
        title_of(figures.kind),
        figures.sent,
        (
            Share(now("Arrived"), figures.delivered, figures.told_of),
            Share(now("Opened"), figures.opened, figures.tracked, _machines(figures.opened_by_machines)),
            Share(now("Clicked"), figures.clicked, figures.tracked, _machines(figures.clicked_by_machines)),
        ),
        ", ".join(f"{count} {word}" for count, word in lost if count),
    )


def _machines(count: int) -> str:
    return now("%(count)d more by machines only") % {"count": count} if count else ""
