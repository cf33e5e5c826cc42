"""Import of a CSV file in the admin with a preview, for a member's own organization or the one an operator chooses."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from import_export.admin import ImportMixin

from accounts.admin_access import TenantModelAdmin, has_role
from accounts.audit import record_audit
from accounts.models import Organization
from success.admin.task_files import (
    KeptUpload,
    OperatorsSheetConfirmForm,
    OperatorsSheetImportForm,
    SheetConfirmForm,
    SheetFormat,
    SheetImportForm,
)


class SheetImportAdmin(ImportMixin, TenantModelAdmin):  # type: ignore[misc]
    """Its resource takes `organization` and `actor`, and imports all rows of a file or none."""

    import_formats = (SheetFormat,)
    tmp_storage_class = KeptUpload
    skip_admin_log = True
    audited_as: str

    def has_import_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.adders)

    def get_import_form_class(self, request: HttpRequest) -> type[SheetImportForm]:
        return OperatorsSheetImportForm if request.user.is_superuser else SheetImportForm

    def get_confirm_form_class(self, request: HttpRequest) -> type[SheetConfirmForm]:
        return OperatorsSheetConfirmForm if request.user.is_superuser else SheetConfirmForm

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        return initial | ({"organization": import_form.cleaned_data.get("organization")} if import_form else {})

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"organization": _organization_of(request, kwargs.get("form")), "actor": request.user}

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if result.has_validation_errors():
            said = gettext("Nothing was imported, for something has changed since the preview: upload the file again.")
            self.message_user(request, said, messages.ERROR)
            place = f"admin:{self.opts.app_label}_{self.opts.model_name}_import"
            return HttpResponseRedirect(reverse(place))
        response: HttpResponse = super().process_result(result, request)
        return response

    def process_dataset(self, dataset: Any, form: Any, request: HttpRequest, **kwargs: Any) -> Any:
        result = super().process_dataset(dataset, form, request, **kwargs)
        if not result.has_validation_errors():
            organization = _organization_of(request, form)
            record_audit(
                self.audited_as,
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
