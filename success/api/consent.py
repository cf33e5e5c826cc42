"""What clients agreed to be mailed about, as applications know it: what stands, and what was said elsewhere."""

import json
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Client
from emails.categories import Category, Frequency
from emails.consent import Word, preferences_of, record_consents
from emails.models import MailPreference
from emails.models.preferences import Source
from success.api.access import ClientAPIView
from success.api.clients import EXTERNAL_ID
from success.api.fields import Strict, TimeField, TrueOrFalseField

LONGEST_DETAIL = 2_000


class SaidAtField(TimeField):
    def to_internal_value(self, value: Any) -> Any:
        at = super().to_internal_value(value)
        if at > timezone.now():
            raise serializers.ValidationError("Nobody has said it yet: give a time in the past.", code="in_future")
        return at


class SaidFacts(Strict):
    isAgreed = TrueOrFalseField(help_text="Whether the client wants this mail.")
    frequency = serializers.ChoiceField(
        required=False, choices=Frequency.choices, help_text="At most so often; left out, it stays as it is."
    )
    givenAt = SaidAtField(
        required=False, help_text="When the client said it, now when left out. It overrules nothing that is newer."
    )
    detail = serializers.DictField(
        required=False, help_text="How you know: a JSON object that is kept with the word, such as the form's name."
    )

    def validate_detail(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value)) > LONGEST_DETAIL:
            raise serializers.ValidationError(f"Give at most {LONGEST_DETAIL} characters of JSON.", code="max_length")
        return value


class SaidPreferences(Strict):
    """By category; one that is left out stays as it is."""

    weekly = SaidFacts(required=False)
    reminders = SaidFacts(required=False)
    feedback = SaidFacts(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(f"Give at least one of {', '.join(Category.values)}.", code="required")
        return attrs


class PreferenceShape(serializers.Serializer[Any]):
    isAgreed = serializers.BooleanField(
        source="is_agreed", allow_null=True, help_text="null: never asked, and therefore not mailed."
    )
    frequency = serializers.ChoiceField(choices=Frequency.choices, allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment] # DRF takes the fields off the class
        choices=Source.choices, allow_null=True, help_text="Where it was said."
    )
    changedAt = serializers.DateTimeField(source="changed_at", allow_null=True)


class PreferencesShape(serializers.Serializer[Any]):
    weekly = PreferenceShape()
    reminders = PreferenceShape()
    feedback = PreferenceShape()


class MailPreferencesView(ClientAPIView):
    @extend_schema(
        operation_id="get_mail_preferences",
        summary="What a client agreed to be mailed about",
        parameters=[EXTERNAL_ID],
        responses=PreferencesShape,
        tags=["clients"],
    )
    def get(self, request: Request, external_id: str) -> Response:
        return Response(_preferences_json(self.client(external_id)))

    @extend_schema(
        operation_id="put_mail_preferences",
        summary="Record what a client said about mail elsewhere",
        description="Only what the client really said. The newest word on each category counts; the same again"
        " changes nothing. Every word that changed something is kept.",
        parameters=[EXTERNAL_ID],
        request=SaidPreferences,
        responses=PreferencesShape,
        tags=["clients"],
    )
    def put(self, request: Request, external_id: str) -> Response:
        body = SaidPreferences(data=request.data)
        body.is_valid(raise_exception=True)
        client = self.client(external_id)
        now = timezone.now()
        words = [
            Word(
                client.pk,
                Category(category),
                is_given=said["isAgreed"],
                at=said.get("givenAt", now),
                frequency=Frequency(said["frequency"]) if "frequency" in said else None,
                detail={**said.get("detail", {}), "apiKey": self.key.pk},
            )
            for category, said in body.validated_data.items()
        ]
        record_consents(self.organization.pk, words, source=Source.API)
        return Response(_preferences_json(client))


def _preferences_json(client: Client) -> dict[str, Any]:
    return {category.value: _preference_json(known) for category, known in preferences_of(client).items()}


def _preference_json(known: MailPreference | None) -> Any:
    return PreferenceShape(known).data if known else dict.fromkeys(PreferenceShape().fields)
