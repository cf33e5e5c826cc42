"""Scoring policies in the admin: versions are added and read, never edited."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from accounts.admin_access import OWNERS, TenantModelAdmin
from accounts.models import Organization
from success.models import ScoringPolicy
from success.policies import VALUES, changed_values, check_start, create_policy, earliest_start_after, policy_in_force

WEEK = timedelta(days=7)


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """`request` is the admin's, set on the class that it makes of this form."""

    request: HttpRequest

    class Meta:
        model = ScoringPolicy
        fields = ("organization", "effective_on", "note", *VALUES)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if effective_on := cleaned.get("effective_on"):
            check_start(organization_of(self.request, cleaned), effective_on=effective_on)
        return cleaned


def organization_of(request: HttpRequest, values: dict[str, Any]) -> Organization | None:
    """An operator chooses (none: the platform default), an owner has one."""
    if request.user.is_superuser:
        chosen: Organization | None = values.get("organization")
        return chosen
    return Organization.objects.get(pk=request.seat.organization_id)  # type: ignore[attr-defined]


class PolicyList(ChangeList):  # type: ignore[misc]
    """Reads the versions before those of the page at once."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        versions = {(policy.organization_id, policy.version): policy for policy in ScoringPolicy.objects.all()}
        for policy in self.result_list:
            policy.version_before = versions.get((policy.organization_id, policy.version - 1))


@admin.register(ScoringPolicy)
class ScoringPolicyAdmin(TenantModelAdmin):
    form = PolicyForm
    adders = OWNERS
    list_display = ("name", "effective_on", "changed", "note", "created_by", "created_at", "organization")
    list_select_related = ("organization", "created_by")
    ordering = ("-effective_on", "-id")
    fieldsets = (
        (None, {"fields": ("organization", "effective_on", "note")}),
        (_("Weights, together 100 %"), {"fields": VALUES[:5]}),
        (_("Targets"), {"fields": VALUES[5:10]}),
        (_("When something is not measured"), {"fields": VALUES[10:13]}),
        (_("Bands and trend"), {"fields": VALUES[13:]}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoringPolicy]:
        """A member sees the platform's versions too: they score where the organization has none."""
        if request.user.is_superuser:
            return ScoringPolicy.objects.order_by(*self.ordering)
        seat = request.seat  # type: ignore[attr-defined]
        if seat is None:
            return ScoringPolicy.objects.none()
        own_or_shared = Q(organization=seat.organization_id) | Q(organization=None)
        return ScoringPolicy.objects.filter(own_or_shared).order_by(*self.ordering)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PolicyList]:
        return PolicyList

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        first, *rest = self.fieldsets
        shown = first[1]["fields"] if request.user.is_superuser else first[1]["fields"][1:]
        return ((None, {"fields": shown}), *rest)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return type("PolicyForm", (super().get_form(request, obj, change, **kwargs),), {"request": request})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is in force, from the first Monday that is still free."""
        organization = self._asked_for(request)
        newest = earliest_start_after(organization) if organization or request.user.is_superuser else None
        today = timezone.now().date()
        after = max(newest or today, today)
        policy = (
            policy_in_force(organization.pk, period_end=after)
            if organization
            else ScoringPolicy.objects.filter(organization=None).latest("version")
        )
        start = after + WEEK - timedelta(days=after.weekday())
        return {name: getattr(policy, name) for name in VALUES} | {
            "effective_on": start,
            "organization": organization.pk if organization else None,
        }

    def save_model(self, request: HttpRequest, obj: ScoringPolicy, form: Any, change: bool) -> None:
        created = create_policy(
            organization_of(request, form.cleaned_data),
            effective_on=obj.effective_on,
            created_by=request.user,  # type: ignore[arg-type]
            note=obj.note,
            **{name: getattr(obj, name) for name in VALUES},
        )
        obj.pk, obj.version, obj.organization = created.pk, created.version, created.organization

    @display(description=_("policy"))
    def name(self, policy: ScoringPolicy) -> str:
        return str(policy)

    @display(description=_("changed"))
    def changed(self, policy: Any) -> str:
        changes = changed_values(policy.version_before, policy)
        return "; ".join(f"{_label(name)} {old} → {new}" for name, (old, new) in changes.items()) or "–"

    def _asked_for(self, request: HttpRequest) -> Organization | None:
        if not request.user.is_superuser:
            return organization_of(request, {})
        asked = request.GET.get("organization", "")
        try:
            return Organization.objects.filter(pk=int(asked)).first() if asked.isdecimal() else None
        except (ValueError, ValidationError):
            return None


def _label(name: str) -> str:
    return str(ScoringPolicy._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001
