"""Sending to the ways in as an application would."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client as Browser

from accounts.api_keys import NewKey
from accounts.models import Organization
from accounts.tenancy import organization_scope
from telemetry.incoming import IncomingEvent, Recorded
from telemetry.models import ClientActivity, DailyActivity, Event
from telemetry.recording import record_events

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
ANSWER = {"success": True, "accepted": 0, "duplicate": 0, "quarantined": 0, "rejected": []}


def post(path: str, body: Any, key: NewKey | None, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    if key:
        headers = {"Authorization": f"Basic {b64encode(f'{key.secret}:'.encode()).decode()}", **headers}
    return Browser().post(path, content, content_type="application/json", headers=headers)


def track(name: str = "login", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": "user-1", "timestamp": NOON.isoformat()} | fields


def event(message_id: str, name: str = "login", **fields: Any) -> IncomingEvent:
    given: dict[str, Any] = {"external_id": "user-1", "stated_at": NOON} | fields
    return IncomingEvent(message_id=message_id, name=name, **given)


def record(organization: Organization, *events: IncomingEvent, at: datetime = NOON + timedelta(hours=1)) -> Recorded:
    return record_events(organization.pk, events, received_at=at)


def stored(organization: Organization, *fields: str) -> list[Any]:
    """The organization's events in the order of their message ids: a field each, or tuples of several."""
    with organization_scope(organization.pk):
        events = Event.objects.filter(organization=organization).order_by("message_id")
        return list(events.values_list(*fields, flat=len(fields) == 1))


def days(organization: Organization, *fields: str) -> dict[tuple[str, str], Any]:
    """Daily activity by (external id, day): the whole row, or the fields asked for."""
    with organization_scope(organization.pk):
        rows = DailyActivity.objects.filter(organization=organization).order_by("client__external_id", "day")
        wanted = fields or [
            f.name for f in DailyActivity._meta.fields if f.name not in ("pk", "organization", "client", "day")
        ]
        return {
            (row["client__external_id"], row["day"].isoformat()): {name: row[name] for name in wanted}
            for row in rows.values("client__external_id", "day", *wanted)
        }


def activity(organization: Organization) -> dict[str, tuple[Any, ...]]:
    with organization_scope(organization.pk):
        rows = ClientActivity.objects.filter(organization=organization)
        return {
            external_id: tuple(rest)
            for external_id, *rest in rows.values_list(
                "client__external_id", "first_at", "last_at", "launch_kit_first_day"
            )
        }
