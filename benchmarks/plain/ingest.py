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
from telemetry.event_types import BASE_TYPE_OF, Category, EventType
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
            # In the order of their keys: in any other, concurrent batches deadlock.
            for event in sorted(events, key=lambda event: (event.client_id, event.occurred_at)):
                count_activity(event, organization.timezone)
        else:
            Event.objects.bulk_create(events)
            count_all_activity(events, organization)
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


def count_all_activity(events: list[Event], organization: Organization) -> None:
    """The same for a batch: the rows are made where they are missing, locked, added to in Python, and written back."""
    zone = organization.timezone
    found = [(event, event.occurred_at.astimezone(zone).date(), event.client_id or 0) for event in events]
    days = sorted({(day, client) for _, day, client in found})
    seen = {client: event.occurred_at for event, _, client in found}
    DailyActivity.objects.bulk_create(
        [
            DailyActivity(
                organization=organization, day=day, client_id=client, first_at=seen[client], last_at=seen[client]
            )
            for day, client in days
        ],
        ignore_conflicts=True,
    )
    ClientActivity.objects.bulk_create(
        [
            ClientActivity(organization=organization, client_id=client, first_at=at, last_at=at)
            for client, at in sorted(seen.items())
        ],
        ignore_conflicts=True,
    )
    rows = {
        (row.day, row.client_id): row
        for row in DailyActivity.objects.select_for_update()
        .filter(organization=organization, day__in={day for day, _ in days}, client__in=list(seen))
        .order_by("day", "client")
    }
    firsts = {
        row.client_id: row
        for row in ClientActivity.objects.select_for_update()
        .filter(organization=organization, client__in=list(seen))
        .order_by("client")
    }
    for event, day, client in found:
        at, counter = event.occurred_at, event.base_type or "unmapped"
        row = rows[day, client]
        row.total += 1
        setattr(row, counter, getattr(row, counter) + 1)
        for known in (row, firsts[client]):
            known.first_at, known.last_at = min(known.first_at, at), max(known.last_at, at)
    keys = ["organization", "day", "client"]
    DailyActivity.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=keys,
        update_fields=["total", *map(str, EventType), "unmapped", "first_at", "last_at"],
    )
    ClientActivity.objects.bulk_create(
        firsts.values(),
        update_conflicts=True,
        unique_fields=["organization", "client"],
        update_fields=["first_at", "last_at"],
    )


urlpatterns = [
    path("bulk", PlainView.as_view()),
    path("row", PlainView.as_view(row_at_a_time=True)),
]
