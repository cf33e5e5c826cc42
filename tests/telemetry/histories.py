"""Random events of a few clients over some months, and what is stored of them."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Organization
from accounts.tenancy import organization_scope
from telemetry.incoming import IncomingEvent, Recorded
from telemetry.models import ClientActivity, DailyActivity
from telemetry.partitions import create_partitions
from telemetry.recording import record_events

NAMES = ("login", "task_completed", "launch_kit_viewed", "Project Exported", "Dream Shared", "dashboard_login")
START = datetime(2026, 3, 1, tzinfo=UTC)


def record(organization: Organization, *events: IncomingEvent, received_at: datetime = START) -> Recorded:
    create_partitions(received_at.date(), months=1)
    return record_events(organization.pk, events, received_at=received_at)


def event(name: str, *, message_id: str, at: datetime = START, client: str = "user-1", **fields: Any) -> IncomingEvent:
    return IncomingEvent(message_id=message_id, name=name, external_id=client, stated_at=at, **fields)


def record_history(organization: Organization, *, seed: int, events: int = 120) -> None:
    """Over four months from March 2026 on, received up to a day after they happened."""
    rng = random.Random(seed)
    for number in range(events):
        at = START + timedelta(seconds=rng.randrange(120 * 86_400))
        record(
            organization,
            event(
                rng.choice(NAMES),
                message_id=f"{seed}-{number}",
                at=at,
                client=f"user-{rng.randrange(4)}",
                duration_seconds=rng.choice([None, 12.5, 3]),
            ),
            received_at=at + timedelta(seconds=rng.randrange(86_400)),
        )


def activity(organization: Organization) -> tuple[list[Any], list[Any]]:
    """All derived rows: by day, and by client."""
    with organization_scope(organization.pk):
        return (
            list(DailyActivity.objects.order_by("day", "client_id").values()),
            list(ClientActivity.objects.order_by("client_id").values()),
        )


def counts(organization: Organization, *counters: str) -> list[tuple[Any, ...]]:
    """The counters of every day, in order of day and client."""
    with organization_scope(organization.pk):
        return list(DailyActivity.objects.order_by("day", "client_id").values_list(*counters))
