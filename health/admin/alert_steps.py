"""Steps that members take with alerts: from the page of one, or with those that are chosen in the list."""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_access import TenantModelAdmin
from accounts.models import User
from health.alert_steps import Outcome
from health.alerts import UnableToSnoozeError
from health.console.answers import answer, complaints
from health.console.step_form import MOST_ALERTS, Step, StepForm
from health.models import Alert


class AlertSteps(TenantModelAdmin):
    actions = ("acknowledge", "acknowledge_with_note", "assign_to_me", "assign", "snooze", "resolve", "note",
               "mark_useful", "mark_noise")  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        step = path("step/", self.admin_site.admin_view(self.step_view), name="health_alert_step")
        urls: list[URLPattern] = super().get_urls()
        return [step, *urls]

    def step_forms(self, request: HttpRequest, alert: Alert, steps: Iterable[Step]) -> list[tuple[Step, StepForm]]:
        """A form for each step that the alert's page offers."""
        of = [alert.organization_id]
        return [
            (step, self._form(request, organizations=of, initial={"step": step.value, "alerts": str(alert.pk)}))
            for step in steps
        ]

    def response_action(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Those that were ticked are meant even when they have left the view since: one is told who was first."""
        if request.POST.get("select_across", "0") != "1":
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
        # Not `redirect`, which takes a word without a slash for the name of an address.
        return HttpResponseRedirect(back)

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

    @admin.action(description=_("Add a note…"), permissions=["change"])
    def note(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse:
        return self._begin(request, Step.NOTE, chosen)

    @admin.action(description=_("Mark as useful"), permissions=["change"])
    def mark_useful(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse | None:
        return self._take(request, chosen, {"step": Step.USEFUL})

    @admin.action(description=_("Mark as noise"), permissions=["change"])
    def mark_noise(self, request: HttpRequest, chosen: QuerySet[Alert]) -> HttpResponse | None:
        return self._take(request, chosen, {"step": Step.NOISE})

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
