from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.admin_access import EVERY_MEMBER, OWNERS, TenantModelAdmin, has_role
from health.models import NoticePreference


@admin.register(NoticePreference)
class NoticePreferenceAdmin(TenantModelAdmin):
    """What a member wants to hear of: their own business, and the owners'."""

    deleters = EVERY_MEMBER
    list_display = ("user", "critical_at_once", "daily_digest", "digest_hour", "only_own", "organization")
    list_select_related = ("user", "organization")
    ordering = ("id",)
    fields = ("critical_at_once", "daily_digest", "digest_hour", "only_own")

    def get_urls(self) -> list[URLPattern]:
        mine = path("mine/", self.admin_site.admin_view(self.mine), name="health_noticepreference_mine")
        urls: list[URLPattern] = super().get_urls()
        return [mine, *urls]

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticePreference]:
        rows: QuerySet[NoticePreference] = super().get_queryset(request)
        return rows if has_role(request, OWNERS) else rows.filter(user=request.user.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a member has a place to hear of."""
        return getattr(request, "seat", None) is not None and bool(super().has_add_permission(request))

    def mine(self, request: HttpRequest) -> HttpResponseRedirect:
        """To the member's own form, whether there is a row yet or not."""
        seat = getattr(request, "seat", None)
        if seat is None:
            return redirect("admin:health_noticepreference_changelist")
        own = NoticePreference.objects.filter(organization=seat.organization_id, user=request.user.pk).first()
        if own is None:
            return redirect("admin:health_noticepreference_add")
        return redirect("admin:health_noticepreference_change", own.pk)

    def save_model(self, request: HttpRequest, obj: NoticePreference, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        # Asked for twice at once, the second one changes what the first has made.
        obj.user_id = request.user.pk  # type: ignore[assignment]
        saved, _created = NoticePreference.objects.update_or_create(
            organization_id=request.seat.organization_id,  # type: ignore[attr-defined]
            user_id=obj.user_id,
            defaults={name: getattr(obj, name) for name in self.fields},
        )
        obj.pk = saved.pk
