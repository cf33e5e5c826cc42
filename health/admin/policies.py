"""Health policies and holidays in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin_access import EVERY_MEMBER, OWNERS, TenantModelAdmin
from accounts.admin_audit import AuditedAdmin
from accounts.admin_versions import VersionedAdmin, organization_asked_for, organization_of
from health.admin.what_if import asks_what_if, form_that_is_only_shown, what_if_panel
from health.models import Alert, HealthPolicy, Holiday
from health.policies import VALUES, create_policy, policy_in_force


class HealthPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    switched_off = forms.MultipleChoiceField(
        label=_("Switched off"),
        choices=Alert.Kind.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Rules that raise no alerts here."),
    )

    class Meta:
        model = HealthPolicy
        fields = ("organization", "note", *VALUES)


@admin.register(HealthPolicy)
class HealthPolicyAdmin(VersionedAdmin):
    form = HealthPolicyForm
    values = VALUES
    change_form_before_template = "admin/health/saves_on_enter.html"
    change_form_after_template = "admin/health/what_if.html"
    list_display = ("name", "changed", "note", "created_by", "created_at", "organization")
    list_select_related = ("organization", "created_by")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("organization", "note")}),
        (
            _("Silence"),
            {
                "fields": (
                    "inactivity_hours",
                    "zero_activity_hours",
                    "user_inactivity_days",
                    "user_inactivity_high_days",
                    "counts_business_days",
                )
            },
        ),
        (_("Tasks"), {"fields": ("stalled_hours",)}),
        (
            _("Scores"),
            {"fields": ("drop_points", "drop_critical_points", "risk_below", "clear_points", "clear_evaluations")},
        ),
        (_("Quiet"), {"fields": ("reopen_hours", "switched_off")}),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is in force."""
        organization = organization_asked_for(request)
        policy = (
            policy_in_force(organization.pk)
            if organization
            else HealthPolicy.objects.filter(organization=None).latest("version")
        )
        return {name: getattr(policy, name) for name in VALUES} | {
            "organization": organization.pk if organization else None
        }

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return form_that_is_only_shown(form) if asks_what_if(request) else form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if asks_what_if(request):
            context["what_if"] = what_if_panel(request, context["adminform"].form)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: HealthPolicy, form: Any, change: bool) -> None:
        created = create_policy(
            organization_of(request, form.cleaned_data),
            created_by=request.user,  # type: ignore[arg-type]
            note=obj.note,
            **{name: getattr(obj, name) for name in VALUES},
        )
        obj.pk, obj.version, obj.organization = created.pk, created.version, created.organization


@admin.register(Holiday)
class HolidayAdmin(AuditedAdmin, TenantModelAdmin):
    """Days that do not count where business days are counted."""

    audit_noun = "holiday"
    adders = changers = OWNERS
    viewers = EVERY_MEMBER
    deleters = OWNERS
    list_display = ("day", "name", "organization")
    list_select_related = ("organization",)
    date_hierarchy = "day"
    ordering = ("-day", "id")
