"""Scores of all clients."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from success.api.access import ClientAPIView
from success.api.fields import ExternalIdField, PeriodEndField
from success.api.pages import PageQuery, page_of
from success.api.representation import score_json
from success.api.responses import ScoreShape, pages_of
from success.models import Score
from success.scores import standing


class ScoresQuery(PageQuery):
    clientId = ExternalIdField(required=False)
    periodEnd = PeriodEndField(required=False, help_text="Of this day alone.")
    periodFrom = PeriodEndField(required=False)
    periodTo = PeriodEndField(required=False, help_text="This day included.")
    band = serializers.ChoiceField(required=False, choices=Score.Band.choices)

    lookups: ClassVar = {
        "periodEnd": "period_end",
        "periodFrom": "period_end__gte",
        "periodTo": "period_end__lte",
        "band": "band",
    }


class ClientScoreShape(ScoreShape):
    clientId = serializers.CharField()


class ScoresView(ClientAPIView):
    @extend_schema(
        operation_id="list_all_scores",
        summary="Scores of all clients, client by client, the newest first",
        parameters=[ScoresQuery],
        responses=pages_of(ClientScoreShape),
        tags=["scores"],
    )
    def get(self, request: Request) -> Response:
        query = ScoresQuery.of(request)
        scores = self.of_client(Score.objects.with_comparison().select_related("policy", "client"), query)
        return page_of(scores, query, key=["client_id", "period_end"], represent=_scores_json)


def _scores_json(scores: list[Score]) -> list[dict[str, Any]]:
    return [{"clientId": score.client.external_id} | score_json(standing(score)) for score in scores]
