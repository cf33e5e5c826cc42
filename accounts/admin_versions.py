"""Policies in the admin: versions of an organization or of the platform, which are added and read, never edited."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from accounts.admin_access import OWNERS, TenantModelAdmin
from accounts.models import Organization
from accounts.policy_versions import changed_values


def organization_of(request: HttpRequest, values: dict[str, Any]) -> Organization | None:
    """An operator chooses (none: the platform default), an owner has one."""
    if request.user.is_superuser:
        chosen: Organization | None = values.get("organization")
        return chosen
    return Organization.objects.get(pk=request.seat.organization_id)  # type: ignore[attr-defined]


def organization_asked_for(request: HttpRequest) -> Organization | None:
    """Whose values a new version begins with: the owner's organization, or the one in an operator's address."""
    if not request.user.is_superuser:
        return organization_of(request, {})
    asked = request.GET.get("organization", "")
    try:
        return Organization.objects.filter(pk=int(asked)).first() if asked.isdecimal() else None
    except (ValueError, ValidationError):
        return None


class VersionList(ChangeList):  # type: ignore[misc]
    """Reads the versions before those of the page at once."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        versions = {(policy.organization_id, policy.version): policy for policy in self.model.objects.all()}
        for policy in self.result_list:
            policy.version_before = versions.get((policy.organization_id, policy.version - 1))


class VersionedAdmin(TenantModelAdmin):
    """The first fieldset begins with the organization, which only operators choose."""

    adders = OWNERS
    values: ClassVar[Sequence[str]]
    fieldsets: Sequence[Any]
    ordering: Sequence[str]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A member sees the platform's versions too: they count where the organization has none."""
        versions: QuerySet[Any] = self.model.objects.order_by(*self.ordering)
        if request.user.is_superuser:
            return versions
        seat = request.seat  # type: ignore[attr-defined]
        if seat is None:
            return versions.none()
        return versions.filter(Q(organization=seat.organization_id) | Q(organization=None))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[VersionList]:
        return VersionList

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        (title, first), *rest = self.fieldsets
        shown = first["fields"] if request.user.is_superuser else first["fields"][1:]
        return ((title, first | {"fields": shown}), *rest)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("PolicyForm", (form,), {"request": request})

    @display(description=_("policy"))
    def name(self, policy: Any) -> str:
        return str(policy)

    @display(description=_("changed"))
    def changed(self, policy: Any) -> str:
        changes = changed_values(policy.version_before, policy, values=self.values)
        return "; ".join(f"{self._label(name)} {old} → {new}" for name, (old, new) in changes.items()) or "–"

    def _label(self, name: str) -> str:
        return str(self.model._meta.get_field(name).verbose_name)  # noqa: SLF001 - Django documents _meta
