"""Tasks of clients in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportMixin
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import display

from accounts.admin_access import EVERY_MEMBER, TenantModelAdmin, has_role
from accounts.audit import record_audit
from accounts.models import Organization
from success.admin.task_files import (
    KeptUpload,
    OperatorsTaskConfirmForm,
    OperatorsTaskImportForm,
    SheetFormat,
    TaskConfirmForm,
    TaskImportForm,
    TaskResource,
)
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
class TaskAdmin(ImportExportMixin, TenantModelAdmin):  # type: ignore[misc]
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
    import_formats = export_formats = (SheetFormat,)
    export_form_class = ExportForm
    tmp_storage_class = KeptUpload
    skip_admin_log = True

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

    def has_import_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.adders)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.viewers)

    def get_import_form_class(self, request: HttpRequest) -> type[TaskImportForm]:
        return OperatorsTaskImportForm if request.user.is_superuser else TaskImportForm

    def get_confirm_form_class(self, request: HttpRequest) -> type[TaskConfirmForm]:
        return OperatorsTaskConfirmForm if request.user.is_superuser else TaskConfirmForm

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        return initial | ({"organization": import_form.cleaned_data.get("organization")} if import_form else {})

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"organization": _organization_of(request, kwargs.get("form"))}

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if result.has_validation_errors():
            said = gettext("Nothing was imported, for something has changed since the preview: upload the file again.")
            self.message_user(request, said, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:success_task_import"))
        response: HttpResponse = super().process_result(result, request)
        return response

    def process_dataset(self, dataset: Any, form: Any, request: HttpRequest, **kwargs: Any) -> Any:
        result = super().process_dataset(dataset, form, request, **kwargs)
        if not result.has_validation_errors():
            organization = _organization_of(request, form)
            record_audit(
                "task.imported",
                subject=organization,  # type: ignore[arg-type]
                organization=organization,
                actor=request.user,  # type: ignore[arg-type]
                changes={name: result.totals[name] for name in ("new", "update", "skip")},
            )
        return result


def _organization_of(request: HttpRequest, form: Any) -> Organization | None:
    """The member's own; an operator's choice, once it is made."""
    if not request.user.is_superuser:
        return Organization.objects.get(pk=request.seat.organization_id)  # type: ignore[attr-defined]
    chosen: Organization | None = getattr(form, "cleaned_data", {}).get("organization")
    return chosen
