"""The alert console: where staff see what is worst first, and say what they do about it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from health.admin.alert_steps import AlertSteps
from health.admin.precision import precision_view
from health.badge import badge_of_request
from health.console.listing import AlertList, AlertPages, ViewFilter
from health.console.page import alert_page_of
from health.console.step_form import name_of
from health.console.views import FIRST, VIEW_OF, VIEWS, asker_of, view_counts
from health.models import Alert
from health.wording import sentence_of
from success.client_admin import ARROWS, BAND_COLOURS

SEVERITY_COLOURS = {3: "danger", 2: "warning", 1: "info"}
STATUS_COLOURS = {"open": "danger", "acknowledged": "info", "snoozed": "", "resolved": "success"}


@admin.register(Alert)
class AlertAdmin(AlertSteps):
    list_display = ("alert", "severity_label", "client_link", "score", "last_activity", "age", "owner_name", "state",
                    "organization")  # fmt: skip
    list_display_links = ("alert",)
    list_filter = (ViewFilter, "severity", "kind")
    list_per_page = 50
    paginator = AlertPages
    list_before_template = "admin/health/alert_views.html"
    search_fields = ("client__name", "client__email", "client__external_id")
    search_help_text = _("Search by the client's name, email or external id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        badge = path("badge/", self.admin_site.admin_view(self.badge_view), name="health_alert_badge")
        precision = path("precision/", self.admin_site.admin_view(self.precision), name="health_alert_precision")
        urls: list[URLPattern] = super().get_urls()
        return [badge, precision, *urls]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[AlertList]:
        return AlertList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        alerts: Any = super().get_queryset(request)
        return alerts.with_status(as_of=timezone.now()).select_related("client", "organization", "owner")  # type: ignore[no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        alerts: Any = super().get_queryset(request)
        counts = view_counts(alerts, asker_of(request))
        chosen = VIEW_OF.get(request.GET.get("view", ""), FIRST)
        views = [
            {
                "title": view.title,
                "address": f"?view={view.name}",
                "count": counts.get(view.name),
                "is_chosen": view is chosen,
            }
            for view in VIEWS
        ]
        response: HttpResponse = super().changelist_view(request, {"alert_views": views, **(extra_context or {})})
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An alert with its evidence, its log and what its client has done lately. Steps are taken by `step_view`."""
        alert: Alert | None = self.get_object(request, object_id)
        if alert is None or not self.has_view_permission(request, alert):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        page = alert_page_of(alert, today=timezone.now().astimezone(alert.organization.timezone).date())
        title = f"{alert.get_kind_display()}: {alert.client}"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": title,
            "alert": alert,
            "page": page,
            "forms": self.step_forms(request, alert, page.steps),
            "next": request.path,
        }
        return TemplateResponse(request, "admin/health/alert.html", context)

    def badge_view(self, request: HttpRequest) -> HttpResponse:
        badge = badge_of_request(request)
        if badge is None:
            raise PermissionDenied
        return JsonResponse(badge.as_json())

    def precision(self, request: HttpRequest) -> HttpResponse:
        return precision_view(request, self.admin_site)

    @display(description=_("alert"), ordering="kind")
    def alert(self, alert: Alert) -> str:
        return format_html('{} <small class="alert-why">{}</small>', alert.get_kind_display(), sentence_of(alert))

    @display(description=_("severity"), ordering="severity", label=SEVERITY_COLOURS)
    def severity_label(self, alert: Alert) -> tuple[int, str]:
        return alert.severity, alert.get_severity_display()

    @display(description=_("client"), ordering="client__name")
    def client_link(self, alert: Alert) -> str:
        address = reverse("admin:accounts_client_overview", args=[alert.client_id])
        return format_html('<a href="{}">{}</a>', address, alert.client)

    @display(description=_("score"), label=BAND_COLOURS)
    def score(self, alert: Any) -> tuple[str, str] | None:
        now = alert.standing
        if now is None or now.score.overall is None:
            return None
        movement = f" {ARROWS[now.trend]} {now.change:+d}" if now.trend else ""
        return now.score.band, f"{now.score.overall}{movement}"

    @display(description=_("last active"))
    def last_activity(self, alert: Any) -> str | None:
        return _with_date(_("%s ago") % timesince(alert.last_at, depth=1), alert.last_at) if alert.last_at else None

    @display(description=_("age"), ordering="opened_at")
    def age(self, alert: Alert) -> str:
        return _with_date(timesince(alert.opened_at, depth=1), alert.opened_at)

    @display(description=_("owner"), ordering="owner__username")
    def owner_name(self, alert: Alert) -> str | None:
        return name_of(alert.owner) if alert.owner else None

    @display(description=_("state"), label=STATUS_COLOURS)
    def state(self, alert: Any) -> tuple[str, str]:
        return alert.status, str(Alert.Status(alert.status).label)


def _with_date(text: str, moment: datetime) -> str:
    return format_html(
        '<span title="{}">{}</span>', date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT"), text
    )
