"""The alert console: where staff see what is worst first, and say what they do about it."""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import TenantModelAdmin
from accounts.models import User
from health.admin.precision import precision_view
from health.alert_steps import Outcome
from health.alerts import UnableToSnoozeError
from health.badge import badge_of_request
from health.console.answers import answer, complaints
from health.console.listing import AlertList, ViewFilter
from health.console.page import alert_page_of
from health.console.step_form import MOST_ALERTS, Step, StepForm, name_of
from health.console.views import FIRST, VIEW_OF, VIEWS, asker_of, view_counts
from health.models import Alert
from success.client_admin import ARROWS, BAND_COLOURS

SEVERITY_COLOURS = {3: "danger", 2: "warning", 1: "info"}
STATUS_COLOURS = {"open": "danger", "acknowledged": "info", "snoozed": "", "resolved": "success"}


@admin.register(Alert)
class AlertAdmin(TenantModelAdmin):
    list_display = ("alert", "severity_label", "client_link", "score", "last_activity", "age", "owner_name", "state",
                    "organization")  # fmt: skip
    list_display_links = ("alert",)
    list_filter = (ViewFilter, "severity", "kind")
    list_per_page = 50
    list_before_template = "admin/health/alert_views.html"
    search_fields = ("client__name", "client__email", "client__external_id")
    search_help_text = _("Search by the client's name, email or external id")
    actions = ("acknowledge", "acknowledge_with_note", "assign_to_me", "assign", "snooze", "resolve", "mark_useful",
               "mark_noise")  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        step = path("step/", self.admin_site.admin_view(self.step_view), name="health_alert_step")
        badge = path("badge/", self.admin_site.admin_view(self.badge_view), name="health_alert_badge")
        precision = path("precision/", self.admin_site.admin_view(self.precision), name="health_alert_precision")
        urls: list[URLPattern] = super().get_urls()
        return [step, badge, precision, *urls]

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
            "forms": [
                (
                    step,
                    self._form(
                        request,
                        organizations=[alert.organization_id],
                        initial={"step": step.value, "alerts": str(alert.pk)},
                    ),
                )
                for step in page.steps
            ],
            "next": request.path,
        }
        return TemplateResponse(request, "admin/health/alert.html", context)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Those that were ticked are meant even when they have left the view since: one is told who was first."""
        if request.POST.get("select_across", "0") != "1":
            if not all(ticked.isdecimal() for ticked in request.POST.getlist(ACTION_CHECKBOX_NAME)):
                return redirect(request.get_full_path())
            queryset = self.get_queryset(request)
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def step_view(self, request: HttpRequest) -> HttpResponse:
        """POST takes a step with the alerts whose ids it names, and goes back to where it came from."""
        back = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            back = reverse("admin:health_alert_changelist")
        if request.method != "POST" or not self.has_change_permission(request):
            return redirect("admin:health_alert_changelist")
        form = self._form(request, data=request.POST)
        if not form.is_valid():
            return self._ask(request, form, back=back)
        step = Step(form.cleaned_data["step"])
        try:
            outcome = form.take(actor=request.user, at=timezone.now())  # type: ignore[arg-type]
        except UnableToSnoozeError:
            form.add_error(None, gettext("Choose a time that is still to come."))
            return self._ask(request, form, back=back)
        _tell(request, step, outcome)
        return redirect(back)

    def badge_view(self, request: HttpRequest) -> HttpResponse:
        badge = badge_of_request(request)
        if badge is None:
            raise PermissionDenied
        return JsonResponse(badge.as_json())

    def precision(self, request: HttpRequest) -> HttpResponse:
        return precision_view(request, self.admin_site)

    @admin.action(description=_("Acknowledge"), permissions=["change"])
    def acknowledge(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse | None:
        return self._take(request, chosen, {"step": Step.ACKNOWLEDGE, "note": ""})

    @admin.action(description=_("Acknowledge with a note…"), permissions=["change"])
    def acknowledge_with_note(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse:
        return self._begin(request, Step.ACKNOWLEDGE, chosen)

    @admin.action(description=_("Assign to me"), permissions=["change"])
    def assign_to_me(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse | None:
        return self._take(request, chosen, {"step": Step.ASSIGN, "owner": request.user.pk})

    @admin.action(description=_("Assign…"), permissions=["change"])
    def assign(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse:
        return self._begin(request, Step.ASSIGN, chosen)

    @admin.action(description=_("Snooze…"), permissions=["change"])
    def snooze(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse:
        return self._begin(request, Step.SNOOZE, chosen)

    @admin.action(description=_("Resolve…"), permissions=["change"])
    def resolve(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse:
        return self._begin(request, Step.RESOLVE, chosen)

    @admin.action(description=_("Mark as useful"), permissions=["change"])
    def mark_useful(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse | None:
        return self._take(request, chosen, {"step": Step.USEFUL})

    @admin.action(description=_("Mark as noise"), permissions=["change"])
    def mark_noise(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse | None:
        return self._take(request, chosen, {"step": Step.NOISE})

    @display(description=_("alert"), ordering="kind")
    def alert(self, alert: Alert) -> str:
        return alert.get_kind_display()

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

    @display(description=_("last activity"))
    def last_activity(self, alert: Any) -> Any:
        return alert.last_at

    @display(description=_("age"), ordering="opened_at")
    def age(self, alert: Alert) -> str:
        opened = date_format(timezone.localtime(alert.opened_at), "SHORT_DATETIME_FORMAT")
        return format_html('<span title="{}">{}</span>', opened, timesince(alert.opened_at, depth=1))

    @display(description=_("owner"), ordering="owner__username")
    def owner_name(self, alert: Alert) -> str | None:
        return name_of(alert.owner) if alert.owner else None

    @display(description=_("state"), label=STATUS_COLOURS)
    def state(self, alert: Any) -> tuple[str, str]:
        return alert.status, str(Alert.Status(alert.status).label)

    def _form(self, request: HttpRequest, *, organizations: Collection[int] = (), **kwargs: Any) -> StepForm:
        """Owners to choose from are members of the person's organization, for an operator those of the alerts'."""
        members = Q()
        if not request.user.is_superuser:
            seat = request.seat  # type: ignore[attr-defined]
            members = Q(memberships__organization=seat.organization_id if seat else None)
        elif organizations:
            members = Q(memberships__organization__in=organizations)
        people = User.objects.filter(members, memberships__isnull=False, is_active=True).distinct()
        return StepForm(members=people.order_by("first_name", "last_name", "username"), **kwargs)

    def _begin(self, request: HttpRequest, step: Step, chosen: QuerySet[Alert]) -> HttpResponse:
        ids = _ids(chosen)
        if len(ids) > MOST_ALERTS:
            return _too_many(request)
        form = self._form(
            request, organizations=_organizations(chosen), initial={"step": step.value, "alerts": _joined(ids)}
        )
        return self._ask(request, form, back=request.get_full_path(), count=len(ids))

    def _ask(self, request: HttpRequest, form: StepForm, *, back: str, count: int | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": Step(form.chosen_step).label if form.chosen_step in Step.values else gettext("Alerts"),
            "form": form,
            "count": len(form.cleaned_data.get("alerts", [])) if count is None else count,
            "next": back,
        }
        return TemplateResponse(request, "admin/health/alert_step.html", context)

    def _take(self, request: HttpRequest, chosen: QuerySet[Alert], values: dict[str, Any]) -> HttpResponse | None:
        """A step that needs no question."""
        ids = _ids(chosen)
        if len(ids) > MOST_ALERTS:
            return _too_many(request)
        form = self._form(request, data={**values, "alerts": _joined(ids)})
        if form.is_valid():
            _tell(request, values["step"], form.take(actor=request.user, at=timezone.now()))  # type: ignore[arg-type]
        else:
            messages.error(request, gettext("You are no member of this organization."))
        return None


def _ids(chosen: QuerySet[Alert]) -> list[int]:
    """One more than a step takes, where there are so many."""
    return list(chosen.order_by().values_list("pk", flat=True)[: MOST_ALERTS + 1])


def _joined(ids: Iterable[int]) -> str:
    return ",".join(map(str, ids))


def _organizations(chosen: QuerySet[Alert]) -> set[int]:
    return set(chosen.order_by().values_list("organization_id", flat=True).distinct())


def _too_many(request: HttpRequest) -> HttpResponse:
    """Rather than taking the step with some of them only."""
    messages.error(request, gettext("Choose between 1 and %d alerts.") % MOST_ALERTS)
    return redirect(request.get_full_path())


def _tell(request: HttpRequest, step: Step, outcome: Outcome) -> None:
    complained = list(complaints(outcome))
    if outcome.changed:
        messages.success(request, answer(step, outcome))
    elif not complained:
        messages.info(request, gettext("Nothing to change: it was so already."))
    for complaint in complained:
        messages.warning(request, complaint)
