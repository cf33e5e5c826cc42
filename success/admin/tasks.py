"""Tasks of clients in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export.admin import ImportExportMixin
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import display

from accounts.admin_access import EVERY_MEMBER, has_role
from success.admin.sheet_imports import SheetImportAdmin
from success.admin.task_files import SheetFormat, TaskResource
from success.client_tasks import save_task, stalled_for, stalled_tasks
from success.models import Task

STALLED = "stalled"
STATUS_COLOURS = {"todo": "", "in_progress": "info", "done": "success", STALLED: "warning"}


class StalledFilter(admin.SimpleListFilter):
    title = _("attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(STALLED, _("Stalled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        return stalled_tasks(queryset, as_of=timezone.now()) if self.value() == STALLED else queryset


@admin.register(Task)
class TaskAdmin(ImportExportMixin, SheetImportAdmin):  # type: ignore[misc]
    audited_as = "task.imported"
    deleters = EVERY_MEMBER
    list_display = ("title", "client", "status_label", "is_onboarding", "due_on", "updated_at", "organization")
    list_filter = (StalledFilter, "status", "is_onboarding")
    list_select_related = ("client", "organization")
    search_fields = ("title", "external_id", "client__name", "client__external_id")
    autocomplete_fields = ("client",)
    ordering = ("-id",)
    # The organization is the client's: asked for, it could be another one.
    fields = (
        "client", "title", "status", "is_onboarding", "due_on", "external_id", "created_at", "updated_at",
        "completed_at",
    )  # fmt: skip
    readonly_fields = ("created_at", "updated_at", "completed_at")

    import_template_name = "success/admin_import_tasks.html"
    resource_classes = (TaskResource,)
    export_formats = (SheetFormat,)
    export_form_class = ExportForm

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("client", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        obj.organization_id = obj.client.organization_id
        save_task(obj, at=timezone.now())

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, task: Task) -> tuple[str, str]:
        untouched = stalled_for(task, as_of=timezone.now())
        if untouched is None:
            return task.status, task.get_status_display()
        days = untouched.days
        return STALLED, ngettext("Stalled for %d day", "Stalled for %d days", days) % days

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        try:
            exported: HttpResponseBase = super().export_action(request)
        except (IncorrectLookupParameters, DataError):
            # As the list itself does where it is asked for what it does not have.
            return redirect(f"{reverse('admin:success_task_changelist')}?{ERROR_FLAG}=1")
        return exported

    def has_export_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.viewers)
