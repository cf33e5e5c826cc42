"""A client's past scores, and each with its receipt."""

from datetime import date

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from success.api.access import ClientAPIView, not_found
from success.api.fields import PeriodEndField
from success.api.representation import difference_json, explanation_json, receipt_json, score_json
from success.api.requests import HistoryQuery
from success.api.responses import ExplainedScoreShape, HistoryShape
from success.differences import difference
from success.receipts import receipt_of
from success.scores import score_before, scores_of, standing

EXTERNAL_ID = OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="The client's external id.")


class ClientScoresView(ClientAPIView):
    @extend_schema(
        operation_id="list_scores",
        summary="A client's scores, newest first",
        parameters=[EXTERNAL_ID, HistoryQuery],
        responses=HistoryShape,
        tags=["scores"],
    )
    def get(self, request: Request, external_id: str) -> Response:
        query = HistoryQuery.of(request)
        scores = scores_of(self.client(external_id))
        if cursor := query.validated_data.get("cursor"):
            scores = scores.filter(period_end__lte=cursor)
        limit = query.validated_data["limit"]
        page = list(scores[: limit + 1])
        return Response(
            {
                "results": [score_json(standing(score)) for score in page[:limit]],
                "next": page[limit].period_end if len(page) > limit else None,
            }
        )


class ExplainedScoreView(ClientAPIView):
    @extend_schema(
        operation_id="explain_score",
        summary="One score with its receipt, and what changed since the one before",
        parameters=[EXTERNAL_ID, OpenApiParameter("period_end", OpenApiTypes.DATE, OpenApiParameter.PATH)],
        responses=ExplainedScoreShape,
        tags=["scores"],
    )
    def get(self, request: Request, external_id: str, period_end: str) -> Response:
        day: date = PeriodEndField().run_validation(period_end)
        score = scores_of(self.client(external_id)).filter(period_end=day).first()
        if score is None:
            raise not_found()
        before = score_before(score)
        changed = difference(before, score) if before else None
        receipt = receipt_of(score)
        return Response(
            {
                "score": score_json(standing(score)),
                "explanation": explanation_json(receipt, changed),
                "receipt": receipt_json(receipt),
                "difference": difference_json(changed) if changed else None,
            }
        )
