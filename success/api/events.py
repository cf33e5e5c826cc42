"""The events of a client, as they are counted."""

from datetime import date
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from success.api.access import ClientAPIView
from success.api.clients import EXTERNAL_ID
from success.api.fields import DayField, TextField
from success.api.pages import PageQuery, page_of
from success.api.responses import pages_of
from telemetry.counted import LAST_DAY, counted_events
from telemetry.event_types import EventType
from telemetry.models import Event


class EventsQuery(PageQuery):
    to = DayField(required=False, help_text="The last day.")
    type = serializers.ChoiceField(required=False, choices=EventType.choices, help_text="The base type.")
    name = TextField(required=False, max_length=255, help_text="The name that was sent.")

    lookups: ClassVar = {"type": "base_type", "name": "name"}

    def get_fields(self) -> dict[str, Any]:
        # A Python class cannot have an attribute named `from`.
        first = DayField(required=False, help_text="The first day, in the organization's timezone.")
        return {"from": first, **super().get_fields()}


class EventShape(serializers.Serializer[Any]):
    messageId = serializers.CharField(source="message_id")
    name = serializers.CharField()
    type = serializers.CharField(source="base_type", help_text="The base type; empty: the name is not mapped to one.")
    day = serializers.DateField(help_text="On which it counts, in the organization's timezone.")
    occurredAt = serializers.DateTimeField(source="occurred_at")
    receivedAt = serializers.DateTimeField(source="received_at")
    success = serializers.BooleanField()
    data = serializers.DictField()  # type: ignore[assignment]
    path = serializers.CharField(source="page_path")
    sessionId = serializers.CharField(source="session_id")
    durationSeconds = serializers.FloatField(source="duration_seconds", allow_null=True)


class ClientEventsView(ClientAPIView):
    @extend_schema(
        operation_id="list_events",
        summary="What a client did, the newest first",
        description="Each is counted once in the daily activity of its day, and so in the scores. Events of months"
        " that were dropped by retention are counted there too and cannot be listed any more.",
        parameters=[EXTERNAL_ID, EventsQuery],
        responses=pages_of(EventShape),
        tags=["events"],
    )
    def get(self, request: Request, external_id: str) -> Response:
        query = EventsQuery.of(request)
        first: date | None = query.validated_data.get("from")
        events = counted_events(
            self.organization.pk,
            self.client(external_id).pk,
            timezone=self.organization.timezone,
            first=first,
            last=query.validated_data.get("to", LAST_DAY),
        )
        return page_of(events, query, key=["occurred_at", "id"], represent=_events_json)


def _events_json(events: list[Event]) -> Any:
    return EventShape(events, many=True).data
