"""What the health checks must come to, from requirements §4, in plain Python and by another way than the product's.

One alert is told of a client and matter while its condition lasts. Silence and stalled tasks end at once. A score's
alert ends, or becomes milder, when its clearing level has been passed in three evaluations in a row. What returns
within 24 hours of its end is the same alert. What a member resolved stays quiet until it is over or gets worse.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
FIRST_DAY = date(2025, 1, 1)
SEVERITIES = {
    "inactivity": [2],
    "zero_activity": [3],
    "user_inactivity": [2, 3],
    "task_stalled": [2],
    "score_drop": [2, 3],
    "churn_risk": [3],
}
Found = tuple[str, int]


@dataclass
class Policy:
    """The platform's default, what is switched off, and whether only business days count."""

    inactivity_hours: int = 48
    zero_activity_hours: int = 72
    user_inactivity_days: int = 21
    user_inactivity_high_days: int = 45
    stalled_hours: int = 72
    reopen_hours: int = 24
    switched_off: Collection[str] = ()
    counts_business_days: bool = False
    zone: tzinfo = UTC
    holidays: Collection[date] = ()

    def passed(self, since: datetime, now: datetime, most: timedelta) -> bool:
        """Whether at least so much time has passed, of what counts."""
        if not self.counts_business_days:
            return now - since >= most
        return self._until(now) - self._until(since) >= most

    def _until(self, moment: datetime) -> timedelta:
        day = moment.astimezone(self.zone).date()
        return self._before[day] + (moment - self._midnight(day) if self._counts(day) else timedelta())

    @cached_property
    def _before(self) -> dict[date, timedelta]:
        """What counts from a day long ago to the beginning of each."""
        days, total = {}, timedelta()
        for day in (FIRST_DAY + timedelta(days=number) for number in range(3 * 366)):
            days[day] = total
            if self._counts(day):
                total += self._midnight(day + timedelta(days=1)) - self._midnight(day)
        return days

    def _counts(self, day: date) -> bool:
        return day.isoweekday() <= 5 and day not in self.holidays

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


@dataclass
class Facts:
    """What is known of a client now; tasks in progress by when they were updated."""

    created_at: datetime
    last_at: datetime | None = None
    is_watched: bool = True
    tasks: dict[int, datetime] = field(default_factory=dict)
    scores: dict[date, int | None] = field(default_factory=dict)

    def older(self, day: date) -> int | None:
        """The newest score at least 7 days older."""
        days = [each for each in self.scores if each <= day - WEEK]
        return self.scores[max(days)] if days else None

    def change(self, day: date) -> int | None:
        now, before = self.scores[day], self.older(day)
        return None if now is None or before is None else now - before


def silence(facts: Facts, policy: Policy, now: datetime) -> Found | None:
    since = facts.last_at or facts.created_at
    steps: list[tuple[timedelta, Found]] = [
        (timedelta(days=policy.user_inactivity_high_days), ("user_inactivity", 3)),
        (timedelta(days=policy.user_inactivity_days), ("user_inactivity", 2)),
        (policy.zero_activity_hours * HOUR, ("zero_activity", 3)),
        (policy.inactivity_hours * HOUR, ("inactivity", 2)),
    ]
    on = [(most, found) for most, found in steps if found[0] not in policy.switched_off]
    return next((found for most, found in on if policy.passed(since, now, most)), None)


def stalled(facts: Facts, policy: Policy, now: datetime) -> Found | None:
    late = [at for at in facts.tasks.values() if policy.passed(at, now, policy.stalled_hours * HOUR)]
    return ("task_stalled", 2) if late and "task_stalled" not in policy.switched_off else None


def drop(facts: Facts, *, clearing: bool) -> Found | None:
    change = facts.change(max(facts.scores)) if facts.scores else None
    if change is None:
        return None
    if clearing:
        return ("score_drop", 3) if change < -25 else ("score_drop", 2) if change < -15 else None
    return ("score_drop", 3) if change <= -30 else ("score_drop", 2) if change <= -20 else None


def churn(facts: Facts, *, clearing: bool) -> Found | None:
    mondays = [day for day in facts.scores if day.weekday() == 0]
    if not mondays or max(mondays) - WEEK not in facts.scores:
        return None
    newest = max(mondays)
    overall, changes = facts.scores[newest], [facts.change(newest), facts.change(newest - WEEK)]
    if overall is None:
        return None
    level, most = (45, -1) if clearing else (40, -5)
    declines = all(change is not None and change <= most for change in changes)
    return ("churn_risk", 3) if overall < level and declines else None


@dataclass
class Told:
    """An alert; `ended_at` is when its condition was found to be over."""

    client: int
    matter: str
    kind: str
    severity: int
    opened_at: datetime
    resolved_at: datetime | None = None
    resolution: str = ""
    ended_at: datetime | None = None
    times_reopened: int = 0
    good: int = 0

    @property
    def found(self) -> Found:
        return self.kind, self.severity

    def becomes(self, found: Found) -> None:
        self.kind, self.severity = found
        self.good = 0

    def reopen(self, found: Found) -> None:
        self.becomes(found)
        self.resolved_at = self.ended_at = None
        self.resolution = ""
        self.times_reopened += 1


ORDER = [(kind, severity) for kind, severities in SEVERITIES.items() for severity in severities]


def is_worse(one: Found | None, other: Found | None) -> bool:
    """Of one matter."""
    return (ORDER.index(one) if one else -1) > (ORDER.index(other) if other else -1)


class Watcher:
    """Evaluates clients one after the other and keeps what was told; nothing here knows of sets."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.alerts: list[Told] = []
        self.newest: dict[tuple[int, str], Told] = {}
        # Each alert's kinds, with when it came to be of them.
        self.kinds: list[tuple[Told, str, datetime]] = []

    def evaluate(self, client: int, facts: Facts, now: datetime) -> None:
        policy = self.policy
        at_once: list[tuple[str, Callable[[], Found | None]]] = [
            ("silence", lambda: silence(facts, policy, now)),
            ("tasks", lambda: stalled(facts, policy, now)),
        ]
        for matter, find in at_once:
            found = find() if facts.is_watched else None
            self._follow(client, matter, found, found, now, evaluations=1, facts=facts)
        for matter, rule in (("score", drop), ("churn", churn)):
            raised, held = (rule(facts, clearing=clearing) if facts.is_watched else None for clearing in (False, True))
            self._follow(client, matter, raised, held, now, evaluations=3 if facts.is_watched else 1, facts=facts)

    def lasting(self, client: int, matter: str) -> Told | None:
        newest = self.newest.get((client, matter))
        return None if newest is None or newest.ended_at else newest

    def resolve_by_hand(self, client: int, matter: str, now: datetime) -> None:
        alert = self.lasting(client, matter)
        if alert and not alert.resolved_at:
            alert.resolved_at, alert.resolution = now, "by_hand"

    def _follow(
        self, client: int, matter: str, raised: Found | None, held: Found | None, now: datetime, *,
        evaluations: int, facts: Facts,
    ) -> None:  # fmt: skip
        alert = self.lasting(client, matter)
        if alert is None:
            if raised:
                self._tell(client, matter, raised, now)
        elif raised and is_worse(raised, alert.found):
            alert.reopen(raised) if alert.resolved_at else alert.becomes(raised)
        elif not is_worse(alert.found, held):
            alert.good = 0
        elif alert.good + 1 < evaluations:
            alert.good += 1
        elif held:
            if not alert.resolved_at:
                alert.becomes(held)
        else:
            alert.ended_at = now
            if not alert.resolved_at:
                alert.resolved_at = now
                alert.resolution = "condition_ended" if facts.is_watched else "client_left_out"

    def _tell(self, client: int, matter: str, found: Found, now: datetime) -> None:
        newest = self.newest.get((client, matter))
        if newest and newest.ended_at and now - newest.ended_at <= self.policy.reopen_hours * HOUR:
            newest.reopen(found)
        else:
            self.newest[client, matter] = Told(client, matter, *found, opened_at=now)
            self.alerts.append(self.newest[client, matter])
