"""What clients were told, and what they did with it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, override
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from success.api.access import ClientAPIView
from success.api.fields import ExternalIdField, PeriodEndField, Strict
from success.api.pages import PageQuery, page_of
from success.api.responses import InsightShape, pages_of
from success.insights.actions import act_on_insight, dismiss_insight, read_insight
from success.insights.texts import text_of
from success.models import Insight

ACTIONS: Mapping[str, Callable[..., Insight]] = {
    "mark-read": read_insight,
    "dismiss": dismiss_insight,
    "act": act_on_insight,
}
INSIGHT_ID = OpenApiParameter("insight_id", str, OpenApiParameter.PATH, description="The `id` of the insight.")


class InsightsQuery(PageQuery):
    clientId = ExternalIdField(required=False)
    type = serializers.ChoiceField(required=False, choices=Insight.Kind.choices)
    status = serializers.ChoiceField(required=False, choices=Insight.Status.choices)
    periodEnd = PeriodEndField(required=False)

    lookups: ClassVar = {"type": "kind", "status": "status", "periodEnd": "period_end"}


class InsightAction(Strict):
    action = serializers.ChoiceField(choices=list(ACTIONS))


class ClientInsightShape(InsightShape):
    clientId = serializers.CharField()
    periodEnd = serializers.DateField()
    expiresAt = serializers.DateTimeField()


class InsightsView(ClientAPIView):
    @extend_schema(
        operation_id="list_insights",
        summary="Insights, client by client, the newest week first",
        description="Dismissed ones too, and expired ones until they are cleaned up.",
        parameters=[InsightsQuery],
        responses=pages_of(ClientInsightShape),
        tags=["insights"],
    )
    def get(self, request: Request) -> Response:
        query = InsightsQuery.of(request)
        insights = self.of_client(Insight.objects.select_related("client"), query)
        return page_of(insights, query, key=["client_id", "period_end", "kind"], represent=_insights_json)


class OneInsightView(ClientAPIView):
    @extend_schema(
        operation_id="get_insight",
        summary="An insight",
        parameters=[INSIGHT_ID],
        responses=ClientInsightShape,
        tags=["insights"],
    )
    def get(self, request: Request, insight_id: str) -> Response:
        return Response(_whole_json(self.insight(insight_id)))

    @extend_schema(
        operation_id="act_on_insight",
        summary="Mark an insight read, dismiss it or act on it for its client",
        parameters=[INSIGHT_ID],
        request=InsightAction,
        responses=ClientInsightShape,
        tags=["insights"],
    )
    def patch(self, request: Request, insight_id: str) -> Response:
        body = InsightAction(data=request.data)
        body.is_valid(raise_exception=True)
        insight = self.insight(insight_id)
        ACTIONS[body.validated_data["action"]](insight.client, insight.pk, at=timezone.now())
        return Response(_whole_json(self.insight(insight_id)))

    def insight(self, insight_id: str) -> Insight:
        return self.row(Insight.objects.select_related("client"), insight_id)


def insight_json(insight: Insight, *, language: str) -> dict[str, Any]:
    """In the client's language, or in that of the request when the client has none: empty."""
    with override(language or get_language()):
        text = text_of(insight)
    return {
        "id": str(insight.pk),
        "type": insight.kind,
        "title": text.title,
        "body": text.body,
        "status": insight.status,
        "priority": Insight.Priority(insight.priority).name.lower(),
        "evidence": insight.evidence,
        "actionUrl": _absolute(insight.action_url),
        "createdAt": insight.created_at,
    }


def _absolute(url: str) -> str | None:
    """A path is one of this installation, and no use in another application."""
    return (settings.BASE_URL + url if url.startswith("/") else url) or None


def _whole_json(insight: Insight) -> dict[str, Any]:
    return insight_json(insight, language=insight.client.language) | {
        "clientId": insight.client.external_id,
        "periodEnd": insight.period_end,
        "expiresAt": insight.expires_at,
    }


def _insights_json(insights: list[Insight]) -> list[dict[str, Any]]:
    return [_whole_json(insight) for insight in insights]
