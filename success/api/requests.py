"""What requests may say. A serializer is both the check and the documentation."""

from datetime import date
from typing import Any

from rest_framework import serializers

from success.scoring import FIRST_PERIOD_END

EXTERNAL_ID_LENGTH = 255
NAME_LENGTH = 255
INSIGHT_ACTIONS = ("mark-read", "dismiss", "act")
TRACK_EVENT = "track-event"


class PeriodEndField(serializers.DateField):
    """YYYY-MM-DD, from the first day that can be scored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value if isinstance(value, str) else "")
        if day < FIRST_PERIOD_END:
            raise serializers.ValidationError(f"There are no scores before {FIRST_PERIOD_END}.", code="too_early")
        return day


class ExternalIdField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "How the organization's own applications name the client.")
        super().__init__(max_length=EXTERNAL_ID_LENGTH, trim_whitespace=False, **kwargs)


class TextField(serializers.CharField):
    """Text and nothing that could be turned into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ClientQuery(serializers.Serializer[Any]):
    clientId = ExternalIdField()


class ScoreRequest(serializers.Serializer[Any]):
    clientId = ExternalIdField()
    periodEnd = PeriodEndField(
        required=False, allow_null=True, help_text="Today in the organization's timezone when it is left out."
    )


class ActionRequest(serializers.Serializer[Any]):
    clientId = ExternalIdField()
    action = serializers.ChoiceField(choices=[*INSIGHT_ACTIONS, TRACK_EVENT])
    insightId = serializers.CharField(required=False, max_length=64, help_text="For every action but track-event.")
    eventType = TextField(
        required=False,
        max_length=NAME_LENGTH,
        trim_whitespace=False,
        help_text="For track-event: a base type, an extended name, or any name of the organization's own.",
    )
    eventData = serializers.DictField(required=False, help_text="For track-event: a JSON object.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = "eventType" if attrs["action"] == TRACK_EVENT else "insightId"
        if needed not in attrs:
            raise serializers.ValidationError({needed: [f"{attrs['action']} needs it."]}, code="required")
        return attrs


class HistoryQuery(serializers.Serializer[Any]):
    cursor = PeriodEndField(required=False, help_text="From `next` of the page before.")
    limit = serializers.IntegerField(required=False, default=26, min_value=1, max_value=100)
