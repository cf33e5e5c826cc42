"""What requests about one client's success may say. A serializer is both the check and the documentation."""

from typing import Any

from rest_framework import serializers

from success.api.fields import ExternalIdField, PeriodEndField, TextField
from success.api.insights import ACTIONS
from success.api.pages import MOST_ROWS, Query

NAME_LENGTH = 255
TRACK_EVENT = "track-event"


class ClientQuery(serializers.Serializer[Any]):
    clientId = ExternalIdField()


class ScoreRequest(serializers.Serializer[Any]):
    clientId = ExternalIdField()
    periodEnd = PeriodEndField(
        required=False, allow_null=True, help_text="Today in the organization's timezone when it is left out."
    )


class ActionRequest(serializers.Serializer[Any]):
    clientId = ExternalIdField()
    action = serializers.ChoiceField(choices=[*ACTIONS, TRACK_EVENT])
    insightId = serializers.CharField(required=False, max_length=64, help_text="For every action but track-event.")
    eventType = TextField(
        required=False,
        max_length=NAME_LENGTH,
        help_text="For track-event: a base type, an extended name, or any name of the organization's own.",
    )
    eventData = serializers.DictField(
        required=False, allow_null=True, help_text="For track-event: a JSON object; null is none."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = "eventType" if attrs["action"] == TRACK_EVENT else "insightId"
        if needed not in attrs:
            raise serializers.ValidationError({needed: [f"{attrs['action']} needs it."]}, code="required")
        return attrs


class HistoryQuery(Query):
    cursor = PeriodEndField(required=False, help_text="From `next` of the page before.")
    limit = serializers.IntegerField(required=False, default=26, min_value=1, max_value=MOST_ROWS)
