"""Silence and stalled tasks, replayed, against evaluations hour by hour in plain Python.

`REPLAYED=200x60` sets clients and days; the checks themselves are held against the same oracle elsewhere.
"""

import os
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from health.models import HealthPolicy, Holiday
from health.what_if.replaying import Replay, replay
from success.models import Task
from telemetry.models import ClientActivity, DailyActivity
from tests.health.histories import DAY, START
from tests.health.oracle import HOUR, Facts, Found, Policy, Told, Watcher

CLIENTS, DAYS = map(int, os.environ.get("REPLAYED", "30x20").split("x"))
BEFORE = 8
END = START + DAYS * DAY
BEGINS = START + BEFORE * DAY
ZONE = ZoneInfo("Europe/Berlin")
HOLIDAY = (START + 11 * DAY).date()
MATTERS = ("silence", "tasks")


@dataclass
class History:
    """Of a client whose tasks in progress have never been touched again."""

    created_at: datetime
    moments: list[datetime]
    tasks: list[datetime] = field(default_factory=list)

    def facts(self, now: datetime) -> Facts:
        known = {number: at for number, at in enumerate(self.tasks) if at <= now}
        return Facts(self.created_at, max((at for at in self.moments if at <= now), default=None), tasks=known)


def histories(dice: random.Random) -> list[History]:
    return [history(dice) for _ in range(CLIENTS)]


def history(dice: random.Random) -> History:
    """Some clients long silent at the beginning, some never active; gaps thick around the levels."""
    before = START - dice.choice([0, 3, 20, 60, 100]) * DAY - dice.randrange(86_400) * HOUR / 3600
    created_at = before if dice.random() < 0.7 else START + dice.randrange(24 * DAYS * 60) * HOUR / 60
    tasks = [max(created_at, END - dice.randrange(26 * DAYS) * HOUR) for _ in range(dice.choice([0, 0, 1, 2, 3]))]
    if dice.random() < 0.1:
        return History(created_at, [], tasks)
    at = START - dice.choice([1, 47, 70, 400, 504, 1070, 2000]) * HOUR
    gaps = dice.choice([[5, 20, 49], [47, 48, 49, 71, 72, 73], [30, 100], [26, 52, 60], [150, 504, 505], [5000]])
    moments = []
    while at <= END:
        moments.append(at)
        at += dice.choice(gaps) * HOUR + dice.choice([0, 0, dice.randrange(-3600, 3600)]) * HOUR / 3600
    return History(created_at, moments, tasks)


def remember(organization: Organization, known: Iterable[History]) -> None:
    for number, history in enumerate(known):
        client = Client.objects.create(organization=organization, external_id=str(number))
        Client.objects.filter(pk=client.pk).update(created_at=history.created_at)
        if history.moments:
            ends = {"first_at": min(history.moments), "last_at": max(history.moments)}
            ClientActivity.objects.create(organization=organization, client=client, **ends)
        by_day: dict[date, list[datetime]] = {}
        for at in history.moments:
            by_day.setdefault(at.astimezone(ZONE).date(), []).append(at)
        DailyActivity.objects.bulk_create(
            DailyActivity(organization=organization, client=client, day=day, first_at=min(own), last_at=max(own),
                          total=1)
            for day, own in by_day.items()
        )  # fmt: skip
        Task.objects.bulk_create(
            Task(organization=organization, client=client, title="Import", status=status, created_at=at, updated_at=at,
                 completed_at=at if status == "done" else None)
            for at in history.tasks for status in ("in_progress", "done")
        )  # fmt: skip


def came_to_be(known: list[History], policy: Policy) -> list[tuple[Told, str, datetime]]:
    """Alerts with each kind they came to be of, and when."""
    watcher = Watcher(policy)
    came: list[tuple[Told, str, datetime]] = []
    before: dict[tuple[int, str], Found | None] = {}
    for now in (START + number * HOUR for number in range(24 * DAYS + 1)):
        for client, history in enumerate(known):
            if history.created_at > now:
                continue
            watcher.evaluate(client, history.facts(now), now)
            for matter in MATTERS:
                alert = watcher.lasting(client, matter)
                found = alert.found if alert else None
                if alert and found != before.get((client, matter)):
                    came.append((alert, alert.kind, now))
                before[client, matter] = found
    return came


def told(came: list[tuple[Told, str, datetime]]) -> tuple[int, int, dict[str, int], dict[str, int]]:
    opened = [(alert, kind) for alert, kind, at in came if at == alert.opened_at >= BEGINS]
    reached = {(id(alert), kind) for alert, kind, at in came if at >= BEGINS}
    return (
        len(opened),
        len({alert.client for alert, _ in opened}),
        dict(Counter(kind for _, kind in opened)),
        dict(Counter(kind for _, kind in reached)),
    )


def said(result: Replay, number: int) -> tuple[int, int, dict[str, int], dict[str, int]]:
    outcome = result.outcomes[number]
    return outcome.alerts, outcome.clients, dict(outcome.opened), dict(outcome.reached)


LEVELS: list[dict[str, Any]] = [
    {},
    {"counts_business_days": True, "reopen_hours": 60, "stalled_hours": 30},
    {"switched_off": ["inactivity"], "zero_activity_hours": 71, "user_inactivity_days": 5, "reopen_hours": 1},
    {"switched_off": ["zero_activity", "task_stalled"], "inactivity_hours": 26},
]


def test_the_replay_is_what_hourly_evaluations_would_have_done(
    organization: Organization, outsider: Organization
) -> None:
    dice = random.Random(int(os.environ.get("SEED", "11")))
    known = histories(dice)
    with organization_scope(outsider.pk):
        remember(outsider, histories(dice)[:3])
    with organization_scope(organization.pk):
        remember(organization, known)
        Holiday.objects.create(organization=organization, day=HOLIDAY)
        result = replay(
            organization, [HealthPolicy(**levels) for levels in LEVELS], as_of=END, days=(END - BEGINS).days
        )
    expected = [told(came_to_be(known, Policy(**levels, zone=ZONE, holidays=[HOLIDAY]))) for levels in LEVELS]
    assert [said(result, number) for number in range(len(LEVELS))] == expected
    assert [alerts > 10 for alerts, *_ in expected] == [True] * len(LEVELS)
    assert all(counts.get("task_stalled", 0) > 3 for _, _, counts, _ in expected[:3])


def test_what_was_set_for_the_replay_ends_with_it(scoped: Organization) -> None:
    def settings() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, setting FROM pg_settings"
                " WHERE name IN ('enable_nestloop', 'enable_mergejoin', 'work_mem', 'jit', 'statement_timeout')"
            )
            rows: list[Any] = cursor.fetchall()
            return rows

    before = settings()
    replay(scoped, [HealthPolicy()], as_of=END)
    assert settings() == before
