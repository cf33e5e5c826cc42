"""Alerts: listed, read and counted."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from health.api.access import AlertAPIView, shown_alerts
from health.api.alert_fields import AlertDetailShape, AlertShape, AlertsQuery, BadgeShape
from health.api.representation import alert_detail_json, alert_json
from health.badge import badge_of
from success.api.pages import page_of
from success.api.responses import pages_of

ALERT_ID = OpenApiParameter("alert_id", str, OpenApiParameter.PATH, description="The `id` of the alert.")


class AlertsView(AlertAPIView):
    @extend_schema(
        operation_id="list_alerts",
        summary="Alerts, the newest first",
        description="Newest by when they were first opened: one that reopens or escalates keeps its place.",
        parameters=[AlertsQuery],
        responses=pages_of(AlertShape),
        tags=["alerts"],
    )
    def get(self, request: Request) -> Response:
        query, now = AlertsQuery.of(request), timezone.now()
        alerts = shown_alerts(as_of=now)
        if statuses := query.validated_data.get("status"):
            alerts = alerts.in_status(*statuses, as_of=now)
        return page_of(self.of_client(alerts, query), query, key=["id"], represent=self.alerts_json)

    def alerts_json(self, alerts: list[Any]) -> list[dict[str, Any]]:
        return [alert_json(alert, organization=self.organization) for alert in alerts]


class OneAlertView(AlertAPIView):
    @extend_schema(
        operation_id="get_alert",
        summary="An alert with its log",
        parameters=[ALERT_ID],
        responses=AlertDetailShape,
        tags=["alerts"],
    )
    def get(self, request: Request, alert_id: str) -> Response:
        alert = self.alert(alert_id, as_of=timezone.now())
        return Response(alert_detail_json(alert, organization=self.organization))


class BadgeView(AlertAPIView):
    @extend_schema(
        operation_id="count_open_alerts",
        summary="How many alerts are open, by severity",
        description="Open is what nobody has acknowledged, snoozed or resolved.",
        responses=BadgeShape,
        tags=["alerts"],
    )
    def get(self, request: Request) -> Response:
        return Response(badge_of(self.organization.pk, as_of=timezone.now()).as_json())
