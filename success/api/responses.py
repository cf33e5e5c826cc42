"""The shapes of answers, for the API's documentation."""

from typing import Any

from rest_framework import serializers

from success.differences import Kind
from success.models import Component, Insight, Score
from success.scores import Trend


class ComponentShape(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="0–100 with two decimals; null: not measured.")
    weight = serializers.IntegerField(help_text="Percent.")
    measured = serializers.BooleanField()
    inputs = serializers.DictField(help_text="What was counted.")


class ComponentsShape(serializers.Serializer[Any]):
    engagement = ComponentShape()
    activation = ComponentShape()
    progress = ComponentShape()
    satisfaction = ComponentShape()
    momentum = ComponentShape()


class ScoreShape(serializers.Serializer[Any]):
    overall = serializers.IntegerField(allow_null=True)
    band = serializers.ChoiceField(
        choices=Score.Band.choices, allow_null=True, help_text="null: too little was measured to say."
    )
    trend = serializers.ChoiceField(
        choices=Trend.choices, allow_null=True, help_text="null: nothing at least 7 days older to compare with."
    )
    change = serializers.IntegerField(allow_null=True)
    coverage = serializers.IntegerField(help_text="Sum of the measured weights, percent.")
    periodEnd = serializers.DateField()
    policyVersion = serializers.IntegerField()
    components = ComponentsShape()


class DayCountShape(serializers.Serializer[Any]):
    date = serializers.DateField()
    count = serializers.IntegerField()


class InsightShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    type = serializers.ChoiceField(choices=Insight.Kind.choices)
    title = serializers.CharField(help_text="In the client's language, else by Accept-Language.")
    body = serializers.CharField()
    status = serializers.ChoiceField(choices=Insight.Status.choices)
    priority = serializers.ChoiceField(choices=[name.lower() for name in Insight.Priority.names])
    evidence = serializers.DictField(help_text="What was counted.")
    actionUrl = serializers.CharField(allow_null=True, help_text="A whole address; null: there is nowhere to go.")
    createdAt = serializers.DateTimeField()


class ClientSuccessShape(serializers.Serializer[Any]):
    score = ScoreShape(allow_null=True)
    insights = InsightShape(many=True)
    heatmap = DayCountShape(many=True, help_text="30 days, oldest first, the last of them today.")


class ComputedScoreShape(serializers.Serializer[Any]):
    score = ScoreShape(allow_null=True, help_text="null: the client was not there yet before this day.")


class DoneShape(serializers.Serializer[Any]):
    success = serializers.BooleanField()


class HistoryShape(serializers.Serializer[Any]):
    results = ScoreShape(many=True, help_text="Newest first.")
    next = serializers.DateField(allow_null=True, help_text="The cursor of the next page.")


class PolicyShape(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    isPlatformDefault = serializers.BooleanField()
    effectiveOn = serializers.DateField()


class WindowShape(serializers.Serializer[Any]):
    first = serializers.DateField()
    last = serializers.DateField()


class PartShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    counted = serializers.IntegerField()
    target = serializers.IntegerField(allow_null=True)
    points = serializers.FloatField()
    most = serializers.IntegerField()


class ReceiptLineShape(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    weight = serializers.IntegerField()
    contribution = serializers.FloatField(allow_null=True, help_text="Points of the overall score.")
    notMeasuredBecause = serializers.CharField(allow_null=True)
    parts = PartShape(many=True)


class ReceiptShape(serializers.Serializer[Any]):
    timezone = serializers.CharField()
    computedAt = serializers.DateTimeField()
    policy = PolicyShape()
    windows = serializers.DictField(child=WindowShape())
    components = serializers.DictField(child=ReceiptLineShape())
    mean = serializers.FloatField(allow_null=True, help_text="The overall score before rounding.")


class DifferenceItemShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Kind.choices)
    component = serializers.ChoiceField(choices=Component.choices, allow_null=True)
    points = serializers.FloatField(help_text="Two decimals; the items add up to the change.")
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)


class DifferenceShape(serializers.Serializer[Any]):
    to = serializers.DateField()
    change = serializers.IntegerField()
    items = DifferenceItemShape(many=True)

    def get_fields(self) -> dict[str, Any]:
        # A Python class cannot have an attribute named `from`.
        return {"from": serializers.DateField(), **super().get_fields()}


class ExplanationShape(serializers.Serializer[Any]):
    why = serializers.CharField(help_text="In a sentence or two, why the score is what it is.")
    change = serializers.CharField(allow_null=True, help_text="Why it changed; null without a score to compare with.")


class ExplainedScoreShape(serializers.Serializer[Any]):
    score = ScoreShape()
    explanation = ExplanationShape()
    receipt = ReceiptShape()
    difference = DifferenceShape(allow_null=True, help_text="To the score that the trend is against.")


def pages_of(shape: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The shape of a page of these."""
    fields = {
        "results": shape(many=True),
        "next": serializers.CharField(allow_null=True, help_text="The cursor of the next page; null on the last."),
    }
    return type(f"{shape.__name__.removesuffix('Shape')}Page", (serializers.Serializer,), fields)
