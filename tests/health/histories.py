"""Random clients and what happens to them hour by hour, for the oracle and for the database."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.health.oracle import HOUR, Facts

# A Thursday.
START = datetime(2026, 3, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Hour:
    """What becomes known before the check at the end of an hour, by the numbers of clients."""

    events: list[tuple[int, datetime]] = field(default_factory=list)
    # The task's number, and when it was updated; None: it is done.
    tasks: list[tuple[int, int, datetime | None]] = field(default_factory=list)
    scores: list[tuple[int, date, int | None]] = field(default_factory=list)
    watched: list[tuple[int, bool]] = field(default_factory=list)
    resolved: list[tuple[int, str]] = field(default_factory=list)

    def apply(self, facts: list[Facts]) -> None:
        for client, at in self.events:
            facts[client].last_at = max(at, facts[client].last_at or at)
        for client, task, updated_at in self.tasks:
            if updated_at:
                facts[client].tasks[task] = updated_at
            else:
                facts[client].tasks.pop(task, None)
        for client, day, overall in self.scores:
            facts[client].scores[day] = overall
        for client, is_watched in self.watched:
            facts[client].is_watched = is_watched


@dataclass
class World:
    created: list[datetime]
    hours: dict[int, Hour]

    def facts(self) -> list[Facts]:
        return [Facts(created_at) for created_at in self.created]


def random_world(dice: random.Random, *, clients: int, days: int) -> World:
    """Clients of many habits, thick around the levels at which alerts are raised and cleared."""
    hours: dict[int, Hour] = defaultdict(Hour)
    created = []
    for client in range(clients):
        created.append(START - dice.choice([0, 1, 5, 19, 20, 44, 100]) * DAY - dice.randrange(86_400) * HOUR / 3600)
        _live(dice, hours, client, days)
        _work(dice, hours, client, days)
        _score(dice, hours, client, days)
        if dice.random() < 0.15:
            for is_watched in (False, True):
                hours[dice.randrange(24 * days)].watched.append((client, is_watched))
        for _ in range(dice.choice([0, 0, 1, 3])):
            matter = dice.choice(["silence", "tasks", "score", "churn"])
            hours[dice.randrange(24 * days)].resolved.append((client, matter))
    return World(created, hours)


def _hour_of(at: datetime) -> int:
    """The first whole hour by which it has happened."""
    return max(0, -((START - at) // HOUR))


def _live(dice: random.Random, hours: dict[int, Hour], client: int, days: int) -> None:
    """Events with gaps of a habit; some become known late, some fall on the very hour."""
    if dice.random() < 0.1:
        return
    gaps = dice.choice([[5, 20], [5, 20, 49], [47, 48, 49, 71, 72, 73], [100, 500, 505], [30, 1080, 1100], [24 * 46]])
    at = START - dice.choice([1, 48, 72, 400, 504, 1079, 1080, 1200]) * HOUR
    while at < START + days * DAY:
        late = dice.randrange(60) if dice.random() < 0.05 else 0
        hours[_hour_of(at) + late].events.append((client, at))
        at += dice.choice(gaps) * HOUR + dice.choice([0, 0, dice.randrange(-3600, 3600)]) * HOUR / 3600


def _work(dice: random.Random, hours: dict[int, Hour], client: int, days: int) -> None:
    for task in range(dice.choice([0, 0, 1, 3])):
        at = START + dice.randrange(-100, 24 * days) * HOUR
        for _ in range(dice.choice([1, 2, 9])):
            hours[_hour_of(at)].tasks.append((client, task, at))
            at += dice.choice([20, 71, 72, 73, 200]) * HOUR
        if dice.random() < 0.7:
            hours[_hour_of(at)].tasks.append((client, task, None))


def _score(dice: random.Random, hours: dict[int, Hour], client: int, days: int) -> None:
    """Weekly scores that wander; with many clients the newest one trembles around a level."""
    if dice.random() < 0.2:
        return
    monday = START.date() - timedelta(days=START.weekday() + 28)
    overall = dice.randrange(20, 100)
    trembles = dice.choice([0, 0, 3, 6])
    while monday <= (START + days * DAY).date():
        begins = _hour_of(datetime(monday.year, monday.month, monday.day, 7, tzinfo=UTC))
        known: int | None = overall if dice.random() < 0.97 else None
        hours[begins].scores.append((client, monday, known))
        for hour in range(begins + 1, begins + 160, 2 if trembles else 1000):
            hours[hour].scores.append((client, monday, _points(overall + round(dice.gauss(0, trembles)))))
        if dice.random() < 0.1:
            day = monday + timedelta(days=dice.randrange(1, 7))
            hours[begins + 24 * (day - monday).days].scores.append((client, day, dice.randrange(101)))
        overall = _points(overall + dice.choice([-31, -30, -20, -19, -6, -5, -5, -4, 0, 5, 30]))
        if overall < 15:
            overall = dice.randrange(20, 100)
        monday += timedelta(days=7)


def _points(overall: int) -> int:
    return min(100, max(0, overall))
