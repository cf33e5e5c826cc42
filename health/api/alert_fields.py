"""What is asked and answered about alerts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework import serializers

from health.models import Alert, AlertEntry
from success.api.client_fields import EMAIL_LENGTH
from success.api.fields import ExternalIdField, TextField, TimeField
from success.api.pages import PageQuery

NOBODY = "none"
SEVERITIES = {severity.name.lower(): severity for severity in reversed(Alert.Severity)}


class SeveralField(TextField):
    """One of the words or several, with commas between them."""

    def __init__(self, words: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.words = words

    def to_internal_value(self, data: Any) -> list[Any]:  # type: ignore[override]
        asked = super().to_internal_value(data).split(",")
        if not set(asked) <= self.words.keys():
            sentence = f"Use {', '.join(self.words)}; several with commas between them."
            raise serializers.ValidationError(sentence, code="invalid_choice")
        return [self.words[word] for word in asked]


class AlertsQuery(PageQuery):
    status = SeveralField({status.value: status for status in Alert.Status}, help_text="Several with commas.")
    severity = SeveralField(SEVERITIES, help_text="Several with commas.")
    kind = SeveralField({kind.value: kind for kind in Alert.Kind}, help_text="Several with commas.")
    matter = SeveralField({matter.value: matter for matter in Alert.Matter}, help_text="Several with commas.")
    clientId = ExternalIdField(required=False)
    owner = TextField(
        required=False, max_length=EMAIL_LENGTH, help_text=f"User name or email address; `{NOBODY}`: nobody's."
    )
    openedSince = TimeField(required=False)
    changedSince = TimeField(required=False, help_text="Opened, escalated, eased or reopened at this time or later.")
    resolvedSince = TimeField(required=False)

    lookups: ClassVar = {
        "severity": "severity__in",
        "kind": "kind__in",
        "matter": "matter__in",
        "openedSince": "opened_at__gte",
        "changedSince": "changed_at__gte",
        "resolvedSince": "resolved_at__gte",
    }

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows, owner = super().filtered(rows), self.validated_data.get("owner")
        if owner == NOBODY:
            return rows.filter(owner=None)
        # Also those of somebody who is no member any more.
        return rows.filter(Q(owner__username=owner) | Q(owner__email__iexact=owner)) if owner else rows


class PersonShape(serializers.Serializer[Any]):
    username = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField(help_text="May be empty.")


class TakerShape(serializers.Serializer[Any]):
    member = PersonShape(allow_null=True, help_text="null: the program gave none.")
    key = serializers.CharField(allow_null=True, help_text="The API key of the program that did it; null: by hand.")


class AlertShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    clientId = serializers.CharField()
    kind = serializers.ChoiceField(choices=Alert.Kind.choices)
    matter = serializers.ChoiceField(choices=Alert.Matter.choices)
    severity = serializers.ChoiceField(choices=list(SEVERITIES))
    status = serializers.ChoiceField(choices=Alert.Status.choices)
    sentence = serializers.CharField(help_text="What it says, with times in the organization's timezone.")
    evidence = serializers.DictField(help_text="What was measured.")
    openedAt = serializers.DateTimeField()
    changedAt = serializers.DateTimeField(help_text="When kind or severity last changed, or it reopened.")
    reopenedCount = serializers.IntegerField(help_text="How often it came back by itself.")
    owner = PersonShape(allow_null=True)
    acknowledgedAt = serializers.DateTimeField(allow_null=True)
    acknowledgedBy = TakerShape(allow_null=True)
    snoozedAt = serializers.DateTimeField(allow_null=True, help_text="null: it is not snoozed, or not any more.")
    snoozedUntil = serializers.DateTimeField(
        allow_null=True, help_text="null of a snoozed alert: until its kind or severity change."
    )
    snoozedBy = TakerShape(allow_null=True)
    resolvedAt = serializers.DateTimeField(allow_null=True)
    resolvedBy = TakerShape(allow_null=True, help_text="null of a resolved alert: it resolved itself.")
    resolution = serializers.ChoiceField(choices=Alert.Resolution.choices, allow_null=True)
    verdict = serializers.ChoiceField(choices=Alert.Verdict.choices, allow_null=True)
    url = serializers.URLField(help_text="Where staff see it.")


class LogEntryShape(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    step = serializers.ChoiceField(choices=AlertEntry.Step.choices)
    by = TakerShape(allow_null=True, help_text="null: a check did it.")
    to = serializers.DictField(help_text="What it was afterwards.")
    note = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        # A Python class cannot have an attribute named `from`.
        return {"from": serializers.DictField(help_text="What it was before."), **super().get_fields()}


class AlertDetailShape(AlertShape):
    log = LogEntryShape(many=True, help_text="The newest 200 steps, the newest first.")
    logIsCut = serializers.BooleanField(help_text="Whether there are earlier steps.")


class SeverityCountsShape(serializers.Serializer[Any]):
    critical = serializers.IntegerField()
    warning = serializers.IntegerField()
    info = serializers.IntegerField()


class BadgeShape(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    bySeverity = SeverityCountsShape()
    url = serializers.URLField(help_text="The list of them.")


class ConflictShape(serializers.Serializer[Any]):
    """A problem that says who came first."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.ChoiceField(choices=["already_acknowledged", "already_resolved", "newer_alert"])
    message = serializers.CharField()
    by = TakerShape(allow_null=True, help_text="null: it resolved itself.")
    at = serializers.DateTimeField(allow_null=True)
