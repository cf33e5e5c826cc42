"""Who left, and when: what the backtest holds past scores against."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.problems import Problem
from success.api.access import ClientAPIView, not_found
from success.api.clients import EXTERNAL_ID
from success.api.fields import DayField, Strict, TextField
from success.api.pages import PageQuery, page_of
from success.api.responses import pages_of
from success.churn import LONGEST_REASON, UnableToMarkChurnError, mark_churned, unmark_churned
from success.models import Churn


class ChurnQuery(PageQuery):
    churnedFrom = DayField(required=False)
    churnedTo = DayField(required=False, help_text="This day included.")

    lookups: ClassVar = {"churnedFrom": "churned_on__gte", "churnedTo": "churned_on__lte"}


class ChurnFacts(Strict):
    churnedOn = DayField(help_text="The day on which the client left, today at the latest.")
    reason = TextField(required=False, allow_blank=True, default="", max_length=LONGEST_REASON, trim_whitespace=True)


class ChurnShape(serializers.Serializer[Any]):
    clientId = serializers.CharField(source="client.external_id")
    churnedOn = serializers.DateField(source="churned_on")
    reason = serializers.CharField()
    markedAt = serializers.DateTimeField(source="marked_at")


class ChurnedClientsView(ClientAPIView):
    @extend_schema(
        operation_id="list_churned_clients",
        summary="Clients that left, the newest clients first",
        parameters=[ChurnQuery],
        responses=pages_of(ChurnShape),
        tags=["churn"],
    )
    def get(self, request: Request) -> Response:
        churned = Churn.objects.filter(organization=self.organization).select_related("client")
        return page_of(churned, ChurnQuery.of(request), key=["client_id"], represent=_churn_json)


class ChurnView(ClientAPIView):
    @extend_schema(
        operation_id="get_churn",
        summary="When and why a client left",
        description="404 also for a client that did not.",
        parameters=[EXTERNAL_ID],
        responses=ChurnShape,
        tags=["churn"],
    )
    def get(self, request: Request, external_id: str) -> Response:
        churned = Churn.objects.select_related("client").filter(organization=self.organization)
        found = churned.filter(client=self.client(external_id)).first()
        if found is None:
            raise not_found()
        return Response(ChurnShape(found).data)

    @extend_schema(
        operation_id="put_churn",
        summary="Mark a client as one that left",
        parameters=[EXTERNAL_ID],
        request=ChurnFacts,
        responses=ChurnShape,
        tags=["churn"],
    )
    def put(self, request: Request, external_id: str) -> Response:
        body = ChurnFacts(data=request.data)
        body.is_valid(raise_exception=True)
        day, reason = body.validated_data["churnedOn"], body.validated_data["reason"]
        client = self.client(external_id)
        try:
            churn = mark_churned(client, churned_on=day, reason=reason, actor=None, at=timezone.now())
        except UnableToMarkChurnError as error:
            raise Problem(400, "churn_refused", str(error)) from None
        return Response(ChurnShape(churn).data)

    @extend_schema(
        operation_id="delete_churn",
        summary="The client came back, or never left",
        description="Done again, it changes nothing.",
        parameters=[EXTERNAL_ID],
        responses={204: None},
        tags=["churn"],
    )
    def delete(self, request: Request, external_id: str) -> Response:
        unmark_churned(self.client(external_id), actor=None)
        return Response(status=204)


def _churn_json(churned: list[Churn]) -> Any:
    return ChurnShape(churned, many=True).data
