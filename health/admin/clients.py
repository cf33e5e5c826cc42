"""The page of a client as a whole. It stands here because it also shows alerts, which the apps below do not know."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import Client
from health.client_page import client_page_of
from health.models import ClientNote
from success.client_admin import ARROWS, ClientAdmin

admin.site.unregister(Client)


class NoteForm(forms.ModelForm[ClientNote]):
    class Meta:
        model = ClientNote
        fields = ("text",)
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 3, "maxlength": 5000})}


@admin.register(Client)
class ClientPageAdmin(ClientAdmin):
    actions_detail = (*getattr(ClientAdmin, "actions_detail", ()), "show_overview")

    def get_urls(self) -> list[URLPattern]:
        overview = path(
            "<path:object_id>/overview/",
            self.admin_site.admin_view(self.overview),
            name="accounts_client_overview",
        )
        urls: list[URLPattern] = super().get_urls()
        return [overview, *urls]

    @action(description=_("Overview"), url_path="show-overview", permissions=["view"])
    def show_overview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:accounts_client_overview", object_id)

    def overview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Score, alerts, tasks and one timeline; POST adds a note."""
        client: Client | None = self.get_object(request, object_id)
        if client is None or not self.has_view_permission(request, client):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        form = NoteForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            note = form.save(commit=False)
            note.organization_id, note.client_id = client.organization_id, client.pk
            note.author_id, note.written_at = request.user.pk, timezone.now()
            note.save()
            messages.success(request, gettext("The note is on the timeline."))
            return redirect("admin:accounts_client_overview", client.pk)
        today = timezone.now().astimezone(client.organization.timezone).date()
        last = min(_asked_day(request) or today, today)
        page = client_page_of(client, today=today, last=last)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(client),
            "original": client,
            "client": client,
            "page": page,
            "form": form,
            "today": today,
            "is_newest": last == today,
            "arrow": ARROWS.get(page.scored.standing.trend, "") if page.scored and page.scored.standing.trend else "",
            "change_url": reverse("admin:accounts_client_change", args=[client.pk]),
        }
        with timezone.override(client.organization.timezone):
            response = TemplateResponse(request, "admin/health/client.html", context)
            response.render()
        return response


def _asked_day(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.GET.get("until", ""))
    except ValueError:
        return None
