"""What a client may know of itself, in the paths that applications already use."""

from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Client
from accounts.problems import Problem
from success.api.access import OwnClientAPIView, today_of
from success.api.insights import ACTIONS, insight_json
from success.api.representation import heatmap_json, score_json
from success.api.requests import TRACK_EVENT, ActionRequest, ClientQuery, ScoreRequest
from success.api.responses import ClientSuccessShape, ComputedScoreShape, DoneShape
from success.heatmap import heatmap_of
from success.insights.actions import UnknownInsightError
from success.insights.showing import shown_insights
from success.scores import newest_standing, scores_of, standing
from success.scoring import score_clients
from telemetry.message_fields import RejectedEventError
from telemetry.native import from_native
from telemetry.recording import record_events


class ClientSuccessView(OwnClientAPIView):
    @extend_schema(
        operation_id="client_success",
        summary="The newest score, insights and the last 30 days of a client",
        parameters=[ClientQuery],
        responses=ClientSuccessShape,
        tags=["scores"],
    )
    def get(self, request: Request) -> Response:
        query = ClientQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        client = self.client(query.validated_data["clientId"])
        newest = newest_standing(client)
        return Response(
            {
                "score": score_json(newest) if newest else None,
                "insights": self._insights(client),
                "heatmap": heatmap_json(heatmap_of(client, today=today_of(self.organization))),
            }
        )

    @extend_schema(
        operation_id="compute_score",
        summary="Compute a client's score",
        description="Of today, or of any past day; the same inputs give the same score.",
        request=ScoreRequest,
        responses=ComputedScoreShape,
        tags=["scores"],
    )
    def post(self, request: Request) -> Response:
        body = ScoreRequest(data=request.data)
        body.is_valid(raise_exception=True)
        client = self.client(body.validated_data["clientId"])
        period_end = body.validated_data.get("periodEnd") or today_of(self.organization)
        return Response({"score": self._computed(client, period_end)})

    @extend_schema(
        operation_id="act_for_client",
        summary="Act on an insight, or record what the client did",
        request=ActionRequest,
        responses=DoneShape,
        tags=["scores"],
    )
    def patch(self, request: Request) -> Response:
        body = ActionRequest(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        client = self.client(asked["clientId"])
        if asked["action"] == TRACK_EVENT:
            self._track(client, asked)
        else:
            self._mark(client, asked)
        return Response({"success": True})

    def _insights(self, client: Client) -> list[dict[str, Any]]:
        insights = shown_insights(client, as_of=timezone.now())
        return [insight_json(insight, language=client.language) for insight in insights]

    def _mark(self, client: Client, asked: dict[str, Any]) -> None:
        try:
            ACTIONS[asked["action"]](client, asked["insightId"], at=timezone.now())
        except UnknownInsightError:
            raise Problem(404, "unknown_insight", "The client has no such insight.") from None

    def _computed(self, client: Client, period_end: date) -> dict[str, Any] | None:
        if period_end > today_of(self.organization):
            raise Problem(400, "period_in_future", "The period has not ended yet in the organization's timezone.")
        score_clients(
            self.organization.pk,
            period_end=period_end,
            first_client=client.pk,
            last_client=client.pk,
            computed_at=timezone.now(),
        )
        score = scores_of(client).filter(period_end=period_end).first()
        return score_json(standing(score)) if score else None

    def _track(self, client: Client, asked: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        message = {
            "name": asked["eventType"],
            "clientId": client.external_id,
            "data": asked.get("eventData"),
            "occurredAt": now,
        }
        try:
            event = from_native(message, index=0)
        except RejectedEventError as rejected:
            raise Problem(400, rejected.code, rejected.message) from None
        recorded = record_events(self.organization.pk, [event], received_at=now)
        if recorded.rejected:
            raise Problem(400, recorded.rejected[0].code, recorded.rejected[0].message)
