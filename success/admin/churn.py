"""Clients who left, in the admin: the list of marks, the form that sets one, and the import."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from accounts.admin_access import EVERY_MEMBER
from accounts.models import Client
from success.admin.backtest import backtest_view
from success.admin.churn_files import ChurnResource
from success.admin.churn_links import MOST_MARKED
from success.admin.sheet_imports import SheetImportAdmin
from success.churn import LONGEST_REASON, UnableToMarkChurnError, check_churn, mark_churned, unmark_churned
from success.models import Churn


class MarkForm(forms.Form):
    """For clients chosen in the list: the same day and reason for all of them."""

    churned_on = forms.DateField(label=_("left on"), widget=UnfoldAdminDateWidget)
    reason = forms.CharField(
        label=_("reason"), max_length=LONGEST_REASON, required=False, widget=UnfoldAdminTextInputWidget
    )


class ChurnForm(forms.ModelForm[Churn]):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        client = cleaned.get("client") or (self.instance.client if self.instance.pk else None)
        if client is None or not cleaned.get("churned_on"):
            return cleaned
        if not self.instance.pk and Churn.objects.filter(organization=client.organization_id, client=client).exists():
            self.add_error("client", gettext("The client is marked already: change that mark."))
        try:
            check_churn(client, churned_on=cleaned["churned_on"], reason=cleaned.get("reason", ""), at=timezone.now())
        except UnableToMarkChurnError as error:
            self.add_error("churned_on", str(error))
        return cleaned


@admin.register(Churn)
class ChurnAdmin(SheetImportAdmin):
    form = ChurnForm
    audited_as = "churn.imported"
    resource_classes = (ChurnResource,)
    deleters = EVERY_MEMBER
    list_display = ("client", "churned_on", "reason", "marked_at", "marked_by", "organization")
    list_select_related = ("client", "marked_by", "organization")
    list_per_page = 50
    search_fields = ("client__name", "client__external_id", "reason")
    autocomplete_fields = ("client",)
    ordering = ("-churned_on", "-id")
    fields = ("client", "churned_on", "reason", "marked_at", "marked_by")
    readonly_fields = ("marked_at", "marked_by")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.fields if obj else self.fields[:3]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("client", *self.readonly_fields) if obj else self.readonly_fields

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("backtest/", self.admin_site.admin_view(self.backtest), name="success_backtest"),
            path("mark/", self.admin_site.admin_view(self.mark), name="success_churn_mark"),
        ]
        return [*pages, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Churn, form: Any, change: bool) -> None:
        saved = mark_churned(
            obj.client,
            churned_on=form.cleaned_data["churned_on"],
            reason=form.cleaned_data["reason"],
            actor=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
        obj.pk, obj.organization_id = saved.pk, saved.organization_id

    def delete_model(self, request: HttpRequest, obj: Churn) -> None:
        unmark_churned(obj.client, actor=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Churn]) -> None:
        for churn in queryset.select_related("client__organization").order_by("organization_id", "client_id"):
            unmark_churned(churn.client, actor=request.user)  # type: ignore[arg-type]

    def backtest(self, request: HttpRequest) -> HttpResponse:
        return backtest_view(request, self.admin_site)

    def mark(self, request: HttpRequest) -> HttpResponse:
        """Asks for the day and the reason of clients chosen elsewhere (`?clients=1,2`), marks all or none on POST."""
        if not self.has_add_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        clients = self._chosen(request)
        form = MarkForm(request.POST or None, initial=_initial(clients))
        if request.method == "POST" and clients and form.is_valid():
            problems = _mark_each(clients, form.cleaned_data, request)
            if not problems:
                said = ngettext("%d client is marked as churned.", "%d clients are marked as churned.", len(clients))
                self.message_user(request, said % len(clients), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:success_churn_changelist"))
            for problem in problems:
                form.add_error(None, problem)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Mark as churned"),
            "opts": self.opts,
            "clients": clients,
            "form": form,
        }
        return TemplateResponse(request, "admin/success/mark_churned.html", context)

    def _chosen(self, request: HttpRequest) -> list[Client]:
        """Only of the organization that the request may see; what is no id of one is left out."""
        ids = [int(text) for text in request.GET.get("clients", "").split(",") if text.isdecimal() and len(text) < 19]
        clients = Client.objects.filter(pk__in=ids, merged_into=None).select_related("organization")
        seat = getattr(request, "seat", None)
        if not request.user.is_superuser:
            clients = clients.filter(organization=seat.organization_id if seat else None)
        return list(clients.order_by("name", "pk")[:MOST_MARKED])


def _initial(clients: list[Client]) -> dict[str, Any]:
    """What stands already, when it is about one client."""
    only = [client.pk for client in clients] if len(clients) == 1 else []
    held = Churn.objects.filter(client__in=only).values("churned_on", "reason").first()
    return dict(held) if held else {"churned_on": timezone.localdate()}


def _mark_each(clients: list[Client], said: dict[str, Any], request: HttpRequest) -> list[str]:
    """What stands in the way, in which case nobody is marked."""
    problems = []
    with transaction.atomic():
        for client in clients:
            try:
                mark_churned(client, **said, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
            except UnableToMarkChurnError as error:
                problems.append(f"{client}: {error}")
        if problems:
            transaction.set_rollback(True)
    return problems
