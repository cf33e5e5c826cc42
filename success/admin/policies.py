"""Scoring policies in the admin: versions are added and read, never edited."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin_versions import VersionedAdmin, organization_asked_for, organization_of
from success.models import ScoringPolicy
from success.policies import VALUES, check_start, create_policy, earliest_start_after, policy_in_force

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


@admin.register(ScoringPolicy)
class ScoringPolicyAdmin(VersionedAdmin):
    form = PolicyForm
    values = VALUES
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

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is in force, from the first Monday that is still free."""
        organization = organization_asked_for(request)
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
