"""The replay of a random history says what the hourly check really did."""

import os
import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from health.checking import check_clients
from health.models import Alert, AlertEntry, Holiday
from health.policies import create_policy
from health.what_if.replaying import Replay, replay
from telemetry.models import ClientActivity, DailyActivity
from tests.health.histories import DAY, START

HOUR = timedelta(hours=1)
DAYS, CLIENTS, REPLAYED = 20, 30, 12
END = START + DAYS * DAY


def activity(dice: random.Random) -> list[datetime]:
    """Some clients long silent at the beginning, some never active; gaps thick around the levels."""
    if dice.random() < 0.1:
        return []
    at = START - dice.choice([1, 47, 70, 400, 504, 1070, 2000]) * HOUR
    gaps = dice.choice([[5, 20, 49], [47, 48, 49, 71, 72, 73], [30, 100], [26, 52, 60], [150, 504, 505], [5000]])
    moments = []
    while at <= END:
        moments.append(at)
        at += dice.choice(gaps) * HOUR + dice.choice([0, 0, dice.randrange(-3600, 3600)]) * HOUR / 3600
    return moments


def remember(client: Client, moments: list[datetime], zone: ZoneInfo) -> None:
    by_day: dict[date, list[datetime]] = {}
    for at in moments:
        by_day.setdefault(at.astimezone(zone).date(), []).append(at)
    DailyActivity.objects.bulk_create(
        DailyActivity(
            organization_id=client.organization_id, client=client, day=day, first_at=min(own), last_at=max(own), total=1
        )
        for day, own in by_day.items()
    )


def live(organization: Organization, histories: dict[int, list[datetime]]) -> None:
    """Newcomers appear, the clients' last activity moves on, and every hour is checked."""
    waiting = sorted((at, client) for client, moments in histories.items() for at in moments)
    for number in range(24 * DAYS + 1):
        now = START + number * HOUR
        Client.objects.filter(created_at__lte=now, status=Client.Status.PAUSED).update(status=Client.Status.ACTIVE)
        while waiting and waiting[0][0] <= now:
            at, client = waiting.pop(0)
            ClientActivity.objects.update_or_create(
                organization=organization,
                client_id=client,
                defaults={"last_at": at},
                create_defaults={"first_at": at, "last_at": at},
            )
        check_clients(organization.pk, as_of=now)


def told(begins: datetime) -> tuple[int, int, dict[str, int], dict[str, int]]:
    opened = list(Alert.objects.filter(opened_at__gte=begins).values_list("pk", "client"))
    entries = AlertEntry.objects.filter(at__gte=begins, after__has_key="kind").values_list(
        "alert", "step", "after__kind"
    )
    return (
        len(opened),
        len({client for _, client in opened}),
        dict(Counter(kind for _, step, kind in entries if step == "opened")),
        dict(Counter(kind for _, kind in {(alert, kind) for alert, _, kind in entries})),
    )


def said(result: Replay) -> tuple[int, int, dict[str, int], dict[str, int]]:
    (outcome,) = result.outcomes
    return outcome.alerts, outcome.clients, dict(outcome.opened), dict(outcome.reached)


@pytest.mark.slow
@pytest.mark.parametrize(
    "levels",
    [
        {},
        {"counts_business_days": True, "reopen_hours": 60},
        {"switched_off": ["inactivity"], "zero_activity_hours": 71, "user_inactivity_days": 5, "reopen_hours": 1},
    ],
    ids=["as usual", "business days", "without the first step"],
)
def test_the_replay_of_silence_is_what_the_checks_did(
    organization: Organization, outsider: Organization, levels: dict[str, Any]
) -> None:
    dice = random.Random(int(os.environ.get("SEED", "11")))
    zone = ZoneInfo("Europe/Berlin")
    created = [
        START - dice.choice([0, 3, 20, 60, 100]) * DAY - dice.randrange(86_400) * HOUR / 3600 for _ in range(CLIENTS)
    ]
    with organization_scope(outsider.pk):
        remember(Client.objects.create(organization=outsider, external_id="x"), [START], zone)
    with organization_scope(organization.pk):
        policy = create_policy(organization, created_by=None, **levels)
        Holiday.objects.create(organization=organization, day=(START + 11 * DAY).date())
        clients = Client.objects.bulk_create(
            Client(organization=organization, external_id=str(number)) for number in range(CLIENTS)
        )
        for client, at in zip(clients, created, strict=True):
            client.created_at = at if dice.random() < 0.7 else START + dice.randrange(24 * DAYS * 60) * HOUR / 60
        Client.objects.bulk_update(clients, ["created_at"])
        histories = {}
        for client in clients:
            # What happened before a client was created was told when it was.
            histories[client.pk] = activity(dice)
            remember(client, histories[client.pk], zone)
        # The check looks only at clients that are there.
        Client.objects.filter(created_at__gt=START).update(status=Client.Status.PAUSED)
        live(organization, histories)
        Client.objects.update(status=Client.Status.ACTIVE)
        begins = END - REPLAYED * DAY
        assert said(replay(organization, [policy], as_of=END, days=REPLAYED)) == told(begins)
        assert told(begins)[0] > 15
