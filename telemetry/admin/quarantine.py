from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from telemetry.admin.read_only import ReadOnlyAdmin
from telemetry.models import QuarantinedEvent
from telemetry.quarantine import replay


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin):
    list_display = ("message_id", "event_name", "client", "reason", "received_at", "replayed_at", "organization")
    list_filter = ("reason", ("replayed_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("message_id",)
    ordering = ("-id",)
    actions = ("replay", "replay_as_received")
    fields = ("organization", "message_id", "reason", "received_at", "message", "replayed_at", "replayed_by")

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.fields if request.user.is_superuser else self.fields[1:]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description=_("Replay"), permissions=["replay"])
    def replay(self, request: HttpRequest, chosen: Any) -> None:
        self._replay(request, chosen, received_time=False)

    @admin.action(description=_("Replay with the time it was received"), permissions=["replay"])
    def replay_as_received(self, request: HttpRequest, chosen: Any) -> None:
        self._replay(request, chosen, received_time=True)

    def _replay(self, request: HttpRequest, chosen: Any, *, received_time: bool) -> None:
        done = replay(
            chosen.values_list("pk", flat=True),
            actor=request.user,  # type: ignore[arg-type]
            as_of=timezone.now(),
            received_time=received_time,
        )
        text = gettext("Replayed: %(replayed)d. Still waiting: %(waiting)d.")
        level = messages.WARNING if done.waiting else messages.SUCCESS
        self.message_user(request, text % {"replayed": done.replayed, "waiting": done.waiting}, level)

    @display(description=_("event"))
    def event_name(self, row: QuarantinedEvent) -> str:
        return str(row.message.get("name", ""))

    @display(description=_("client"))
    def client(self, row: QuarantinedEvent) -> str:
        return str(row.message.get("external_id") or row.message.get("anonymous_id") or "")
