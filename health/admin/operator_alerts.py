import json

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from accounts.admin_access import ForgivingList, NotWrittenByHand
from health.models import OperatorAlert


@admin.register(OperatorAlert)
class OperatorAlertAdmin(NotWrittenByHand, ForgivingList, ModelAdmin):  # type: ignore[misc]
    """What is wrong with the installation. The alerts resolve themselves; acknowledging says that one knows."""

    list_display = ("kind", "matter", "state", "opened_at", "last_seen_at", "acknowledged_by")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("acknowledged_by",)
    ordering = ("-id",)
    actions = ("acknowledge",)
    fields = (
        "kind",
        "matter",
        "told",
        "opened_at",
        "last_seen_at",
        "acknowledged_at",
        "acknowledged_by",
        "resolved_at",
    )
    readonly_fields = fields

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @display(description=_("state"), label={"open": "danger", "acknowledged": "warning", "resolved": "success"})
    def state(self, alert: OperatorAlert) -> tuple[str, str]:
        if alert.resolved_at:
            return "resolved", gettext("resolved")
        return ("acknowledged", gettext("acknowledged")) if alert.acknowledged_at else ("open", gettext("open"))

    @display(description=_("evidence"))
    def told(self, alert: OperatorAlert) -> str:
        return json.dumps(alert.evidence, indent=2)

    @action(description=_("Acknowledge"))
    def acknowledge(self, request: HttpRequest, queryset: models.QuerySet[OperatorAlert]) -> None:
        fresh = queryset.filter(acknowledged_at=None, resolved_at=None)
        count = fresh.update(acknowledged_at=timezone.now(), acknowledged_by=request.user)
        messages.success(request, ngettext("%d alert acknowledged.", "%d alerts acknowledged.", count) % count)
