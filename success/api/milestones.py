"""What there is to reach, and what was reached."""

from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import get_language, override
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from success.api.access import ClientAPIView
from success.api.fields import DayField, ExternalIdField, TextField
from success.api.pages import PageQuery, page_of
from success.api.responses import pages_of
from success.milestones.showing import description_of, reward_of, title_of
from success.models import Milestone, MilestoneDefinition

KEY_LENGTH = 60
CLIENTS = MilestoneDefinition.Subject.CLIENT
Measure, Reward, Subject = (
    MilestoneDefinition.Measure,
    MilestoneDefinition.Reward,
    MilestoneDefinition.Subject,
)


class MilestonesQuery(PageQuery):
    subject = serializers.ChoiceField(
        required=False, default=CLIENTS, choices=[CLIENTS, Subject.ORGANIZATION], help_text="Who reached them."
    )
    clientId = ExternalIdField(required=False)
    key = TextField(required=False, max_length=KEY_LENGTH, help_text="Of the definition.")
    reachedFrom = DayField(required=False)
    reachedTo = DayField(required=False, help_text="This day included.")

    lookups: ClassVar = {"key": "definition__key", "reachedFrom": "reached_on__gte", "reachedTo": "reached_on__lte"}


class MilestoneShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    key = serializers.CharField(source="definition.key")
    clientId = serializers.CharField(allow_null=True, help_text="null: the organization reached it.")
    title = serializers.CharField()
    threshold = serializers.IntegerField()
    value = serializers.IntegerField(help_text="What was counted when it was noticed.")
    reachedOn = serializers.DateField(source="reached_on")
    detectedAt = serializers.DateTimeField(source="detected_at")
    celebratedAt = serializers.DateTimeField(source="celebrated_at", allow_null=True)
    reward = serializers.CharField(help_text="Empty: there is none, or it was not given yet.")
    rewardGivenAt = serializers.DateTimeField(source="reward_given_at", allow_null=True)

    def to_representation(self, milestone: Milestone) -> dict[str, Any]:
        client = milestone.client
        with override((client.language if client else "") or get_language()):
            milestone.title = title_of(milestone.definition)  # type: ignore[attr-defined]
        milestone.clientId = client.external_id if client else None  # type: ignore[attr-defined]
        milestone.reward = reward_of(milestone)  # type: ignore[attr-defined]
        shown: dict[str, Any] = super().to_representation(milestone)
        return shown


class MilestonesView(ClientAPIView):
    @extend_schema(
        operation_id="list_milestones",
        summary="Milestones reached, client by client",
        parameters=[MilestonesQuery],
        responses=pages_of(MilestoneShape),
        tags=["milestones"],
    )
    def get(self, request: Request) -> Response:
        query = MilestonesQuery.of(request)
        milestones = self.of_client(Milestone.objects.select_related("definition", "client"), query)
        if query.validated_data["subject"] == CLIENTS:
            rows, key = milestones.filter(client__isnull=False), ["client_id", "definition_id"]
        else:
            rows, key = milestones.filter(client=None), ["definition_id"]
        return page_of(rows, query, key=key, represent=_milestones_json)


class DefinitionShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    subject = serializers.ChoiceField(choices=Subject.choices, help_text="Who reaches it.")
    title = serializers.CharField()
    description = serializers.CharField()
    measure = serializers.ChoiceField(choices=Measure.choices, help_text="What is counted.")
    threshold = serializers.IntegerField(help_text="Reached at this count.")
    rewardKind = serializers.ChoiceField(source="reward_kind", choices=Reward.choices, allow_blank=True)
    isPlatformDefault = serializers.BooleanField()
    isActive = serializers.BooleanField(source="is_active")

    def to_representation(self, definition: MilestoneDefinition) -> dict[str, Any]:
        definition.isPlatformDefault = definition.organization_id is None  # type: ignore[attr-defined]
        shown: dict[str, Any] = super().to_representation(definition)
        return shown | {"title": title_of(definition), "description": description_of(definition)}


class MilestoneDefinitionsView(ClientAPIView):
    @extend_schema(
        operation_id="list_milestone_definitions",
        summary="Milestones that clients and the organization can reach",
        description="An organization's own definition stands in for the platform's of the same key.",
        parameters=[PageQuery],
        responses=pages_of(DefinitionShape),
        tags=["milestones"],
    )
    def get(self, request: Request) -> Response:
        own = MilestoneDefinition.objects.filter(organization=self.organization)
        platform = Q(organization=None) & ~Q(subject=Subject.INSTALLATION) & ~Q(key__in=own.values("key"))
        definitions = MilestoneDefinition.objects.filter(Q(organization=self.organization) | platform)
        return page_of(definitions, PageQuery.of(request), key=["id"], represent=_definitions_json)


def _milestones_json(milestones: list[Milestone]) -> Any:
    return MilestoneShape(milestones, many=True).data


def _definitions_json(definitions: list[MilestoneDefinition]) -> Any:
    return DefinitionShape(definitions, many=True).data
