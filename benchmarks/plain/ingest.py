"""Events taken in the plain way: a DRF serializer, the ORM, the same rows in the same transaction at the end."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import find_api_key, secret_from_header
from accounts.models import ApiKey, Client, Organization
from accounts.tenancy import organization_scope
from telemetry.event_types import BASE_TYPE_OF, Category
from telemetry.models import ClientActivity, DailyActivity, Event


class MessageSerializer(serializers.Serializer[Any]):
    messageId = serializers.CharField(max_length=128)  # noqa: N815 - the wire's name
    userId = serializers.CharField(max_length=255)  # noqa: N815
    type = serializers.ChoiceField(["track"])
    event = serializers.CharField(max_length=255)
    timestamp = serializers.DateTimeField()
    properties = serializers.JSONField(default=dict)


class BatchSerializer(serializers.Serializer[Any]):
    batch = MessageSerializer(many=True)


class PlainView(APIView):
    authentication_classes: list[type[BaseAuthentication]] = []
    permission_classes = [AllowAny]
    row_at_a_time = False

    def post(self, request: Request) -> Response:
        key = find_api_key(
            secret_from_header(request.headers["Authorization"]), kind=ApiKey.Kind.WRITE, as_of=timezone.now()
        )
        if key is None:
            return Response(status=401)
        serializer = BatchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with organization_scope(key.organization_id):
            accepted = self.record(key.organization, serializer.validated_data["batch"])
        return Response({"success": True, "accepted": accepted})

    def record(self, organization: Organization, messages: list[dict[str, Any]]) -> int:
        now = timezone.now()
        ids = [message["messageId"] for message in messages]
        known = set(
            Event.objects.filter(organization=organization, message_id__in=ids).values_list("message_id", flat=True)
        )
        clients = self.clients(organization, {message["userId"] for message in messages})
        events = [
            Event(
                organization=organization,
                client=clients[message["userId"]],
                message_id=message["messageId"],
                call=Event.Call.TRACK,
                name=message["event"],
                base_type=BASE_TYPE_OF.get(message["event"], ""),
                category=Category.ENGAGEMENT,
                data=message["properties"],
                occurred_at=message["timestamp"],
                received_at=now,
                received_month=now.date().replace(day=1),
            )
            for message in messages
            if message["messageId"] not in known
        ]
        if self.row_at_a_time:
            for event in events:
                event.save()
        else:
            Event.objects.bulk_create(events)
        # In the order of their keys: in any other, concurrent batches deadlock.
        for event in sorted(events, key=lambda event: (event.client_id, event.occurred_at)):
            count_activity(event, organization.timezone)
        return len(events)

    def clients(self, organization: Organization, external_ids: set[str]) -> dict[str, Client]:
        clients = {
            client.external_id: client
            for client in Client.objects.filter(organization=organization, external_id__in=external_ids)
        }
        for external_id in external_ids - clients.keys():
            clients[external_id] = Client.objects.create(organization=organization, external_id=external_id)
        return clients


def count_activity(event: Event, zone: ZoneInfo) -> None:
    if event.client_id is None:
        return
    at = event.occurred_at
    first = {"first_at": at, "last_at": at}
    day, created = DailyActivity.objects.get_or_create(
        organization_id=event.organization_id,
        day=at.astimezone(zone).date(),
        client_id=event.client_id,
        defaults=first | {"total": 1, event.base_type or "unmapped": 1},
    )
    if not created:
        counter = event.base_type or "unmapped"
        DailyActivity.objects.filter(pk=day.pk).update(
            total=F("total") + 1,
            first_at=Least("first_at", at),
            last_at=Greatest("last_at", at),
            **{counter: F(counter) + 1},
        )
    _, created = ClientActivity.objects.get_or_create(
        organization_id=event.organization_id, client_id=event.client_id, defaults=first
    )
    if not created:
        ClientActivity.objects.filter(organization_id=event.organization_id, client_id=event.client_id).update(
            first_at=Least("first_at", at), last_at=Greatest("last_at", at)
        )


urlpatterns = [
    path("bulk", PlainView.as_view()),
    path("row", PlainView.as_view(row_at_a_time=True)),
]
