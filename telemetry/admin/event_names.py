from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext

from accounts.admin_access import EVERY_MEMBER, TenantModelAdmin
from accounts.models import Organization
from accounts.permissions import Seat
from telemetry.event_names import check_event_name, map_event_name, unmap_event_name, unmapped_names
from telemetry.event_types import EventType
from telemetry.models import EventName


class EventNameForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name = self.instance.name if self.instance.pk else cleaned.get("name")
        if name and cleaned.get("base_type"):
            check_event_name(name, base_type=cleaned["base_type"])
        return cleaned


@admin.register(EventName)
class EventNameAdmin(TenantModelAdmin):
    """What is written here goes through `telemetry.event_names`, which re-derives what was stored."""

    form = EventNameForm
    deleters = EVERY_MEMBER
    list_display = ("name", "base_type", "created_by", "created_at", "organization")
    list_filter = ("base_type",)
    list_select_related = ("created_by", "organization")
    list_before_template = "admin/telemetry/unmapped_names.html"
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("organization", "name", "base_type")

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.fields if request.user.is_superuser else self.fields[1:]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return ("organization", "name") if obj else ()

    def get_urls(self) -> list[URLPattern]:
        address = path("map/", self.admin_site.admin_view(self.map_view), name="telemetry_eventname_map")
        return [address, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        seat = getattr(request, "seat", None)
        organization = None if request.user.is_superuser or seat is None else seat.organization_id
        context = {
            "unmapped_names": unmapped_names(organization) if request.user.is_superuser or seat else [],
            "base_types": EventType.choices,
        }
        response: HttpResponse = super().changelist_view(request, context | (extra_context or {}))
        return response

    def map_view(self, request: HttpRequest) -> HttpResponse:
        """Give one unmapped name its meaning, right from the list."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        organization = get_object_or_404(_own_organizations(request), pk=_number(request.POST.get("organization")))
        name, base_type = request.POST.get("name", ""), request.POST.get("base_type", "")
        try:
            map_event_name(organization, name, base_type=base_type, actor=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            text = gettext("“%(name)s” counts as %(type)s now, what was stored as well.")
            told = text % {"name": name, "type": EventType(base_type).label}
            self.message_user(request, told, messages.SUCCESS)
        return redirect("admin:telemetry_eventname_changelist")

    def save_model(self, request: HttpRequest, obj: EventName, form: Any, change: bool) -> None:
        organization = obj.organization if change or request.user.is_superuser else _own_organizations(request).get()
        saved = map_event_name(organization, obj.name, base_type=obj.base_type, actor=request.user)  # type: ignore[arg-type]
        obj.pk, obj.organization = saved.pk, organization

    def delete_model(self, request: HttpRequest, obj: EventName) -> None:
        unmap_event_name(obj, actor=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for event_name in queryset.select_related("organization").order_by("organization_id", "name"):
            unmap_event_name(event_name, actor=request.user)  # type: ignore[arg-type]


def _own_organizations(request: HttpRequest) -> models.QuerySet[Organization]:
    if request.user.is_superuser:
        return Organization.objects.all()
    seat: Seat | None = getattr(request, "seat", None)
    return Organization.objects.filter(pk=seat.organization_id) if seat else Organization.objects.none()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
