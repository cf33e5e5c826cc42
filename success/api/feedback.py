"""What clients said: read, and entered by the organization's own applications."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from success.api.access import ClientAPIView
from success.api.fields import ExternalIdField, Strict, TextField, TimeField, WholeNumberField
from success.api.pages import PageQuery, page_of
from success.api.responses import pages_of
from success.feedback.giving import LONGEST_COMMENT, SCALES, give_feedback
from success.models import Feedback

# A sender's clock may be ahead of ours by so much.
CLOCKS_DIFFER = timedelta(minutes=5)
FIRST_YEAR = 1970


class FeedbackQuery(PageQuery):
    clientId = ExternalIdField(required=False)
    kind = serializers.ChoiceField(required=False, choices=Feedback.Kind.choices)
    channel = serializers.ChoiceField(required=False, choices=Feedback.Channel.choices)
    givenFrom = TimeField(required=False)
    givenBefore = TimeField(required=False)

    lookups: ClassVar = {
        "kind": "kind",
        "channel": "channel",
        "givenFrom": "given_at__gte",
        "givenBefore": "given_at__lt",
    }


class NewFeedback(Strict):
    clientId = ExternalIdField()
    kind = serializers.ChoiceField(choices=Feedback.Kind.choices)
    rating = WholeNumberField(min_value=0, max_value=10, help_text="NPS from 0 to 10, CSAT from 1 to 5.")
    comment = TextField(required=False, allow_blank=True, default="", max_length=LONGEST_COMMENT)
    givenAt = TimeField(required=False, help_text="Now when it is left out.")

    def validate_givenAt(self, at: datetime) -> datetime:  # noqa: N802 - DRF finds it by the field's name
        if at.year < FIRST_YEAR or at > timezone.now() + CLOCKS_DIFFER:
            raise serializers.ValidationError(f"Give a time from {FIRST_YEAR} to now.", code="out_of_range")
        return at

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        scale = SCALES[attrs["kind"]]
        if attrs["rating"] not in scale:
            sentence = f"{attrs['kind']} goes from {scale[0]} to {scale[-1]}."
            raise serializers.ValidationError({"rating": [sentence]}, code="not_on_scale")
        return attrs


class FeedbackShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    clientId = serializers.CharField(source="client.external_id")
    kind = serializers.ChoiceField(choices=Feedback.Kind.choices)
    rating = serializers.IntegerField()
    comment = serializers.CharField()
    channel = serializers.ChoiceField(choices=Feedback.Channel.choices)
    givenAt = serializers.DateTimeField(source="given_at")


class FeedbackView(ClientAPIView):
    @extend_schema(
        operation_id="list_feedback",
        summary="Feedback, client by client, the newest first",
        parameters=[FeedbackQuery],
        responses=pages_of(FeedbackShape),
        tags=["feedback"],
    )
    def get(self, request: Request) -> Response:
        query = FeedbackQuery.of(request)
        feedback = self.of_client(Feedback.objects.select_related("client"), query)
        return page_of(feedback, query, key=["client_id", "given_at", "id"], represent=_feedback_json)

    @extend_schema(
        operation_id="give_feedback",
        summary="Enter what a client said elsewhere",
        description="Feeds the satisfaction of scores from the day on which it was given. It cannot be taken back.",
        request=NewFeedback,
        responses={201: FeedbackShape},
        tags=["feedback"],
    )
    def post(self, request: Request) -> Response:
        body = NewFeedback(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        given = give_feedback(
            self.client(said["clientId"]),
            kind=said["kind"],
            rating=said["rating"],
            comment=said["comment"],
            channel=Feedback.Channel.API,
            at=said.get("givenAt") or timezone.now(),
        )
        return Response(FeedbackShape(given).data, status=201)


def _feedback_json(feedback: list[Feedback]) -> Any:
    return FeedbackShape(feedback, many=True).data
