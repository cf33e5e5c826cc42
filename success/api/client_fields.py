"""What is asked and answered about clients."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Client
from accounts.timezones import is_timezone
from success.api.fields import ExternalIdField, Strict, TextField, TimeField
from success.api.pages import PageQuery
from success.api.representation import score_json
from success.api.responses import ScoreShape
from success.models import Score
from success.scores import Standing, Trend, standing
from telemetry.models import ClientActivity

EMAIL_LENGTH = 320
BRIEF = ("overall", "band", "trend", "change", "periodEnd")


class TimezoneField(TextField):
    """A name of the IANA's, such as Europe/Berlin."""

    def to_internal_value(self, data: Any) -> ZoneInfo:  # type: ignore[override]
        name = super().to_internal_value(data)
        if not is_timezone(name):
            raise serializers.ValidationError("Give a timezone such as Europe/Berlin.", code="invalid_timezone")
        return ZoneInfo(name)


class ClientFacts(Strict):
    name = TextField(required=False, allow_blank=True, max_length=255, trim_whitespace=True)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=EMAIL_LENGTH)
    status = serializers.ChoiceField(required=False, choices=Client.Status.choices)
    signedUpAt = TimeField(source="signed_up_at", required=False, allow_null=True)
    language = serializers.ChoiceField(
        required=False, allow_blank=True, choices=settings.LANGUAGES, help_text="Empty: the browser's."
    )
    timezone = TimezoneField(required=False, allow_null=True, help_text="null: the organization's.")


class NewClient(ClientFacts):
    externalId = ExternalIdField(source="external_id")

    def validate_externalId(self, value: str) -> str:  # noqa: N802 - DRF finds it by the field's name
        if value.isspace():
            raise serializers.ValidationError("An external id has more than spaces.", code="blank")
        return value


class ClientsQuery(PageQuery):
    status = serializers.ChoiceField(required=False, choices=Client.Status.choices)
    externalId = ExternalIdField(required=False)
    email = TextField(required=False, max_length=EMAIL_LENGTH, help_text="The whole address, in any case.")
    search = TextField(required=False, max_length=255, help_text="A part of name, email or external id.")
    band = serializers.ChoiceField(required=False, choices=Score.Band.choices, help_text="Of the newest score.")
    createdFrom = TimeField(required=False)
    createdBefore = TimeField(required=False)
    activeFrom = TimeField(required=False, help_text="Last activity at this time or later.")
    activeBefore = TimeField(required=False, help_text="Last activity before this time; not those without any.")

    lookups: ClassVar = {
        "status": "status",
        "externalId": "external_id",
        "createdFrom": "created_at__gte",
        "createdBefore": "created_at__lt",
        "activeFrom": "last_activity_at__gte",
        "activeBefore": "last_activity_at__lt",
    }

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows, asked = super().filtered(rows), self.validated_data
        if "email" in asked:
            rows = rows.alias(lower_email=Lower("email")).filter(lower_email=asked["email"].lower())
        if "search" in asked:
            part = asked["search"]
            rows = rows.filter(Q(name__icontains=part) | Q(email__icontains=part) | Q(external_id__icontains=part))
        if "band" in asked:
            rows = rows.filter(Exists(Score.objects.filter(pk=OuterRef("newest_score"), band=asked["band"])))
        return rows


class BriefScoreShape(serializers.Serializer[Any]):
    overall = serializers.IntegerField(allow_null=True)
    band = serializers.ChoiceField(choices=Score.Band.choices, allow_null=True)
    trend = serializers.ChoiceField(choices=Trend.choices, allow_null=True)
    change = serializers.IntegerField(allow_null=True)
    periodEnd = serializers.DateField()


class ClientShape(serializers.Serializer[Any]):
    externalId = serializers.CharField(source="external_id")
    name = serializers.CharField()
    email = serializers.CharField()
    status = serializers.ChoiceField(choices=Client.Status.choices)
    signedUpAt = serializers.DateTimeField(source="signed_up_at", allow_null=True)
    language = serializers.CharField(help_text="Empty: the browser's.")
    timezone = serializers.CharField(allow_null=True, help_text="null: the organization's.")
    createdAt = serializers.DateTimeField(source="created_at")
    lastActivityAt = serializers.DateTimeField(source="last_activity_at", allow_null=True)
    score = serializers.SerializerMethodField(help_text="The newest; null: there is none yet.")

    @extend_schema_field(BriefScoreShape(allow_null=True))
    def get_score(self, client: Any) -> dict[str, Any] | None:
        now: Standing | None = client.standing
        if now is None:
            return None
        whole = score_json(now)
        return {name: whole[name] for name in BRIEF}


class ClientDetailShape(ClientShape):
    @extend_schema_field(ScoreShape(allow_null=True))
    def get_score(self, client: Any) -> dict[str, Any] | None:
        return score_json(client.standing) if client.standing else None


def shown_clients(rows: QuerySet[Client]) -> QuerySet[Any]:
    """With what is shown beside them."""
    of_client = {"organization": OuterRef("organization"), "client": OuterRef("pk")}
    return rows.annotate(
        newest_score=Subquery(Score.objects.filter(**of_client).order_by("-period_end").values("pk")[:1]),
        last_activity_at=Subquery(ClientActivity.objects.filter(**of_client).values("last_at")[:1]),
    )


def with_standings(clients: Sequence[Any]) -> Sequence[Any]:
    """Each with the `standing` of its newest score, in one query."""
    newest = standings(client.newest_score for client in clients)
    for client in clients:
        client.standing = newest.get(client.newest_score)
    return clients


def standings(score_ids: Iterable[int | None]) -> dict[int, Standing]:
    scores = Score.objects.with_comparison().in_bulk([pk for pk in score_ids if pk is not None])
    return {pk: standing(score) for pk, score in scores.items()}


def clients_json(clients: Sequence[Any]) -> Any:
    return ClientShape(with_standings(clients), many=True).data


def client_json(client: Client) -> Any:
    rows = shown_clients(Client.objects.filter(organization=client.organization_id, pk=client.pk))
    return ClientDetailShape(with_standings(list(rows))[0]).data
