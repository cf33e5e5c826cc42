"""Addresses to which nothing is sent any more, and the way back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from accounts.admin_access import OWNERS, TenantModelAdmin, has_role
from accounts.admin_versions import organization_of
from accounts.audit import record_audit
from accounts.models import Organization
from emails.addresses import validate_one_address
from emails.models import Suppression
from emails.suppression import lift, suppress

COLOURS = {"stopped": "danger", "lifted": ""}


class StopForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Suppression
        fields = ("organization", "address", "detail")
        labels = {"detail": _("why")}

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        validate_one_address(address)
        return address


class StandingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("stopped", _("Stopped")), ("lifted", _("Lifted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> QuerySet[Suppression]:
        return queryset.filter(lifted_at__isnull=self.value() == "stopped") if self.value() else queryset


@admin.register(Suppression)
class SuppressionAdmin(TenantModelAdmin):
    list_display = ("address", "reason", "detail", "at", "state", "lifted_by", "organization")
    list_filter = (StandingFilter, "reason")
    list_select_related = ("lifted_by", "organization")
    list_per_page = 50
    search_fields = ("address",)
    search_help_text = _("Search by address")
    ordering = ("-id",)
    actions = ("lift_chosen",)
    shown = ("address", "reason", "detail", "at", "lifted_at", "lifted_by")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else kwargs | {"form": StopForm}))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        own = ("organization",) if request.user.is_superuser else ()
        return (*own, *self.shown) if obj else (*own, "address", "detail")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return (*self.shown, "organization") if obj else ()

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if has_role(request, OWNERS) else {}

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """Stopped already, it stays as it was."""
        organization: Organization = organization_of(request, form.cleaned_data)  # type: ignore[assignment]
        is_new = suppress(
            organization.pk, obj.address, reason=Suppression.Reason.BY_HAND, detail=obj.detail, at=timezone.now()
        )
        stopped = Suppression.objects.get(
            organization=organization, address__iexact=obj.address, lifted_at__isnull=True
        )
        obj.pk, obj.organization_id = stopped.pk, organization.pk
        if is_new:
            record_audit("address.stopped", subject=stopped, organization=organization, actor=request.user)  # type: ignore[arg-type]

    @admin.action(description=_("Send to these addresses again"))
    def lift_chosen(self, request: HttpRequest, chosen: QuerySet[Suppression]) -> None:
        now = timezone.now()
        lifted = [each for each in chosen.select_related("organization") if lift(each, by=request.user, at=now)]  # type: ignore[arg-type]
        for suppression in lifted:
            record_audit(
                "address.lifted",
                subject=suppression,
                organization=suppression.organization,
                actor=request.user,  # type: ignore[arg-type]
                changes={"reason": [suppression.reason, None]},
            )
        said = ngettext("%d address is written to again.", "%d addresses are written to again.", len(lifted))
        self.message_user(request, said % len(lifted), messages.SUCCESS)

    @display(description=_("state"), label=COLOURS)
    def state(self, suppression: Suppression) -> tuple[str, Any]:
        return ("lifted", _("Lifted")) if suppression.lifted_at else ("stopped", _("Stopped"))
