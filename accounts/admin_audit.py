"""Changes made in the admin, written to the audit log with the old and the new value of each field."""

from typing import Any

from django.http import HttpRequest

from accounts.audit import record_audit
from accounts.models import Organization


def changes_of(form: Any) -> dict[str, list[Any]]:
    """Old and new value by field, as far as the form changed them."""
    return {
        name: [_plain(form[name].initial), _plain(form.cleaned_data[name])]
        for name in form.changed_data
        if name in form.cleaned_data
    }


class AuditedAdmin:
    """A model admin that records what is added, changed and deleted as `noun.created` and so on.

    It is for fields that hold neither secrets nor personal data.
    """

    audit_noun: str

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        changes = changes_of(form)
        if changes or not change:
            self.audit(request, obj, verb="changed" if change else "created", changes=changes)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.audit(request, obj, verb="deleted", changes={})
        super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.audit(request, obj, verb="deleted", changes={})
        super().delete_queryset(request, queryset)  # type: ignore[misc]

    def audit(self, request: HttpRequest, obj: Any, *, verb: str, changes: dict[str, Any]) -> None:
        record_audit(
            f"{self.audit_noun}.{verb}",
            subject=obj,
            organization=obj if isinstance(obj, Organization) else getattr(obj, "organization", None),
            actor=request.user,  # type: ignore[arg-type]
            changes=changes,
        )


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return str(value)
