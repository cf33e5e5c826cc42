"""What clients said."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.admin_access import TenantModelAdmin
from success.models import Feedback


@admin.register(Feedback)
class FeedbackAdmin(TenantModelAdmin):
    """What a client said stays as it was said."""

    list_display = ("client", "kind", "rating", "comment", "given_at", "organization")
    list_filter = ("kind",)
    list_select_related = ("client", "organization")
    search_fields = ("client__name", "client__external_id")
    autocomplete_fields = ("client",)
    ordering = ("-id",)
    fields = ("client", "kind", "rating", "comment", "given_at")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Feedback, form: Any, change: bool) -> None:
        obj.organization_id = obj.client.organization_id
        obj.save()
