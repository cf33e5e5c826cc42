from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts.admin_access import OPERATORS_ONLY, OWNERS, TenantModelAdmin
from accounts.admin_audit import AuditedAdmin
from accounts.models import Organization
from accounts.organization_status import Step, is_possible, take_step

STATUS_COLOURS = {"pending": "warning", "active": "success", "suspended": "danger", "rejected": "danger", "closed": ""}
OF_MEMBERS = ("name", "timezone", "reply_to", "app_url", "creates_unknown_clients", "runs_jobs")
STEP_BUTTONS = {"approve_this": Step.APPROVE, "reject_this": Step.REJECT, "suspend_this": Step.SUSPEND,
                "resume_this": Step.RESUME, "close_this": Step.CLOSE}  # fmt: skip


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin, TenantModelAdmin):
    audit_noun = "organization"
    organization_field = "pk"
    changers = OWNERS
    adders = deleters = OPERATORS_ONLY
    list_display = ("name", "slug", "status_label", "timezone", "runs_jobs", "is_simulated", "created_at")
    list_filter = ("status", "is_simulated")
    search_fields = ("name", "slug")
    search_help_text = _("Search by name or slug")
    ordering = ("name", "id")
    fields = ("name", "slug", "status", *OF_MEMBERS[1:], "is_simulated", "created_at")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    actions = ("approve", "suspend", "close")
    actions_submit_line = tuple(STEP_BUTTONS)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Sequence[str]:
        if not request.user.is_superuser:
            return [name for name in self.fields if name not in OF_MEMBERS]
        return ("status", "created_at") if obj else ("created_at",)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_step_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        organization = self.get_object(request, str(object_id)) if object_id else None
        if organization is None or not request.user.is_superuser:
            return []
        prefix = "accounts_organization_"
        return [
            button
            for button in super().get_actions_submit_line(request, object_id)
            if is_possible(organization, STEP_BUTTONS[button.action_name.removeprefix(prefix)])
        ]

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, organization: Organization) -> tuple[str, str]:
        return organization.status, organization.get_status_display()

    @admin.action(description=_("Approve the chosen organizations"), permissions=["step"])
    def approve(self, request: HttpRequest, chosen: Any) -> None:
        self._take_step(request, chosen, Step.APPROVE)

    @admin.action(description=_("Suspend the chosen organizations"), permissions=["step"])
    def suspend(self, request: HttpRequest, chosen: Any) -> None:
        self._take_step(request, chosen, Step.SUSPEND)

    @admin.action(description=_("Close the chosen organizations"), permissions=["step"])
    def close(self, request: HttpRequest, chosen: Any) -> None:
        self._take_step(request, chosen, Step.CLOSE)

    @action(description=_("Approve"), permissions=["step"])
    def approve_this(self, request: HttpRequest, organization: Organization) -> None:
        self._take_step(request, [organization], Step.APPROVE)

    @action(description=_("Reject"), permissions=["step"])
    def reject_this(self, request: HttpRequest, organization: Organization) -> None:
        self._take_step(request, [organization], Step.REJECT)

    @action(description=_("Suspend"), permissions=["step"])
    def suspend_this(self, request: HttpRequest, organization: Organization) -> None:
        self._take_step(request, [organization], Step.SUSPEND)

    @action(description=_("Resume"), permissions=["step"])
    def resume_this(self, request: HttpRequest, organization: Organization) -> None:
        self._take_step(request, [organization], Step.RESUME)

    @action(description=_("Close"), permissions=["step"])
    def close_this(self, request: HttpRequest, organization: Organization) -> None:
        self._take_step(request, [organization], Step.CLOSE)

    def _take_step(self, request: HttpRequest, chosen: Any, step: Step) -> None:
        actor: Any = request.user
        done = sum(take_step(organization, step, actor=actor) for organization in chosen)
        if left := len(chosen) - done:
            text = ngettext("%d organization cannot take this step.", "%d organizations cannot take this step.", left)
            self.message_user(request, text % left, messages.WARNING)
        if done:
            text = ngettext("%d organization is changed.", "%d organizations are changed.", done)
            self.message_user(request, text % done, messages.SUCCESS)
