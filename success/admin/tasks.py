"""Tasks and feedback of clients in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import EVERY_MEMBER, TenantModelAdmin
from success.client_tasks import save_task
from success.models import Feedback, Task

STATUS_COLOURS = {"todo": "", "in_progress": "info", "done": "success"}


@admin.register(Task)
class TaskAdmin(TenantModelAdmin):
    deleters = EVERY_MEMBER
    list_display = ("title", "client", "status_label", "is_onboarding", "due_on", "updated_at", "organization")
    list_filter = ("status", "is_onboarding")
    list_select_related = ("client", "organization")
    search_fields = ("title", "client__name", "client__external_id")
    autocomplete_fields = ("client",)
    ordering = ("-id",)
    # The organization is the client's: asked for, it could be another one.
    fields = ("client", "title", "status", "is_onboarding", "due_on", "created_at", "completed_at")
    readonly_fields = ("created_at", "completed_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("client", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        obj.organization_id = obj.client.organization_id
        save_task(obj, at=timezone.now())

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, task: Task) -> tuple[str, str]:
        return task.status, task.get_status_display()


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
