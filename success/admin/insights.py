"""Insights in the admin: what each client was told, and on what it rests."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin
from success.client_admin import newest_week
from success.insights.evidence import evidence_lines
from success.insights.expiry import LIFETIME
from success.insights.texts import text_of
from success.models import Insight

# By what is shown, so that a page that knows no colours shows the same.
STATUS_COLOURS = {"Unread": "info", "Read": "", "Acted on": "success", "Dismissed": "warning"}
PRIORITY_COLOURS = {"Low": "", "Normal": "info", "High": "danger"}
PREVIEW = 90


class WeekFilter(admin.SimpleListFilter):
    """The weeks whose insights have not expired."""

    title = _("period end")
    parameter_name = "period_end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = newest_week()
        weeks = [newest - timedelta(weeks=n) for n in range(LIFETIME.days // 7)] if newest else []
        return [(week.isoformat(), date_format(week)) for week in weeks]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Insight]) -> QuerySet[Insight]:
        asked = _day(self.value())
        return queryset.filter(period_end=asked) if asked else queryset


class StatusFilter(admin.SimpleListFilter):
    """The column is the database's own, so that it has no choices to filter by."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return Insight.Status.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Insight]) -> QuerySet[Insight]:
        return queryset.filter(status=self.value()) if self.value() in Insight.Status else queryset


@admin.register(Insight)
class InsightAdmin(NotWrittenByHand, TenantModelAdmin):
    list_display = ("client", "kind", "period_end", "status_label", "priority_label", "preview", "organization")
    list_filter = ("kind", StatusFilter, WeekFilter, "priority")
    list_select_related = ("client", "organization")
    list_per_page = 50
    search_fields = ("client__name", "client__email", "client__external_id")
    search_help_text = _("Search by the client's name, email or external id")
    ordering = ("-period_end", "-priority", "-id")
    fields = (
        *("client", "kind", "period_end", "status_label", "priority_label", "title", "body", "evidence_table"),
        *("action_url", "created_at", "expires_at", "read_at", "acted_at", "dismissed_at"),
    )
    readonly_fields = fields

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, insight: Insight) -> str:
        return str(Insight.Status(insight.status).label)

    @display(description=_("priority"), ordering="priority", label=PRIORITY_COLOURS)
    def priority_label(self, insight: Insight) -> str:
        return str(Insight.Priority(insight.priority).label)

    @display(description=_("text"))
    def preview(self, insight: Insight) -> str:
        return Truncator(text_of(insight).body).chars(PREVIEW)

    @display(description=_("title"))
    def title(self, insight: Insight) -> str:
        return text_of(insight).title

    @display(description=_("text"))
    def body(self, insight: Insight) -> str:
        return text_of(insight).body

    @display(description=_("evidence"))
    def evidence_table(self, insight: Insight) -> str:
        table = {"headers": [_("Counted"), _("Value")], "rows": evidence_lines(insight)}
        return render_to_string("success/admin_evidence.html", {"table": table})


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text or "")
    except ValueError:
        return None
