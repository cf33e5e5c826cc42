"""From a count of a receipt to what was counted: the events, days, tasks or answers behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.http import urlencode

from success.models import Component, Feedback, Score, Task
from success.receipts import COUNTED, Window, windows_before
from success.scoring import HIGH_VALUE_TYPES
from telemetry.counted import counted_events
from telemetry.event_types import LAUNCH_KIT_VIEWED, EventType
from telemetry.models import DailyActivity, Event, RetiredActivity


class UnknownPartError(LookupError):
    """No score counts such a part."""


@dataclass(frozen=True)
class Source:
    """Which events a part counts; no window: all before the period end. No types: all of engagement."""

    window: str
    types: tuple[str, ...] = ()
    name: str = ""

    @property
    def counters(self) -> tuple[str, ...]:
        """The columns of daily activity that count the same."""
        return ("launch_kit_views",) if self.name else self.types or ("total",)


SOURCES: Mapping[str, Source] = {
    "active_days": Source("month"),
    "events": Source("month"),
    "high_value": Source("month", HIGH_VALUE_TYPES),
    "launch_kit": Source("", name=LAUNCH_KIT_VIEWED),
    "content": Source("month", (EventType.CONTENT_GENERATED.value,)),
    "visuals": Source("month", (EventType.VISUAL_CREATED.value,)),
    "level": Source("week_before"),
    "movement": Source("week"),
}
COMPONENT_OF = {part: component for component, part in COUNTED}


@dataclass(frozen=True)
class DayCount:
    day: date
    count: int


@dataclass(frozen=True)
class Behind:
    """A count as it was `counted` for the score, and as it would be `found` now.

    `single` events can be listed one by one; of those whose months were dropped only the counts by day are kept.
    """

    counted: int
    found: int
    single: int
    dropped: Sequence[DayCount]

    @property
    def dropped_count(self) -> int:
        return sum(day.count for day in self.dropped)

    @property
    def since(self) -> int:
        """What came in after the score was computed; negative where less counts now, as after a new mapping."""
        return self.found - self.counted


def component_of(part: str) -> Component:
    """Raises UnknownPartError."""
    try:
        return COMPONENT_OF[part]
    except KeyError:
        raise UnknownPartError(part) from None


def source_of(part: str) -> Source:
    """Raises UnknownPartError for what is counted in no events."""
    try:
        return SOURCES[part]
    except KeyError:
        raise UnknownPartError(part) from None


def window_of(score: Score, part: str) -> Window | None:
    window = "feedback" if part == "answers" else SOURCES[part].window if part in SOURCES else ""
    return windows_before(score.period_end)[window] if window else None


def counted_by(score: Score, part: str) -> int:
    """What the receipt says."""
    column, _target, _most = COUNTED[component_of(part), part]
    return int(getattr(score, column))


def events_behind(score: Score, component: Component, part: str) -> QuerySet[Event]:
    """The events that a part counts, each with its `day`, as far as they are still stored. Not ordered.

    Needs the organization's scope. Raises UnknownPartError for what is not counted in events. Events that came in
    after the score was computed are among them: `behind` tells how many.
    """
    if component_of(part) != component:
        raise UnknownPartError(f"{component}: {part}")
    source = source_of(part)
    window = window_of(score, part)
    return counted_events(
        score.organization_id,
        score.client_id,
        timezone=ZoneInfo(score.timezone),
        first=window.first if window else None,
        last=score.period_end - timedelta(days=1) if window is None else window.last,
        types=source.types,
        name=source.name,
    )


def days_behind(score: Score, part: str) -> list[DayCount]:
    """The days with what a part counts, oldest first, by daily activity: it outlives the events."""
    return _days(DailyActivity.objects.all(), score, part)


def behind(score: Score, part: str) -> Behind:
    """Of a part that is counted in events or in days of them, in two queries."""
    counted = counted_by(score, part)
    if part == "active_days":
        days = len(days_behind(score, part))
        return Behind(counted, days, days, ())
    single = events_behind(score, component_of(part), part).count()
    dropped = _days(RetiredActivity.objects.all(), score, part)
    found = single + sum(day.count for day in dropped)
    return Behind(counted, min(found, 1) if part == "launch_kit" else found, single, dropped)


def tasks_behind(score: Score) -> QuerySet[Task]:
    """The onboarding tasks that there were, each with `was_done`; those done are the count."""
    zone = ZoneInfo(score.timezone)
    return (
        Task.objects.filter(organization=score.organization_id, client=score.client_id, is_onboarding=True)
        .annotate(
            made_on=TruncDate("created_at", tzinfo=zone),
            done_on=TruncDate("completed_at", tzinfo=zone),
        )
        .filter(made_on__lt=score.period_end)
        .annotate(was_done=Q(done_on__isnull=False, done_on__lt=score.period_end))
    )


def answers_behind(score: Score) -> QuerySet[Feedback]:
    window = windows_before(score.period_end)["feedback"]
    return (
        Feedback.objects.filter(organization=score.organization_id, client=score.client_id)
        .annotate(day=TruncDate("given_at", tzinfo=ZoneInfo(score.timezone)))
        .filter(day__gte=window.first, day__lte=window.last)
    )


def link(score: Score, part: str) -> str:
    """The client's page with what was counted."""
    return f"{reverse('client-events')}?{urlencode({'part': part, 'period': score.period_end.isoformat()})}"


def _days(rows: QuerySet[Any], score: Score, part: str) -> list[DayCount]:
    source, window = source_of(part), window_of(score, part)
    rows = rows.filter(organization=score.organization_id, client=score.client_id, day__lt=score.period_end)
    if window is not None:
        rows = rows.filter(day__gte=window.first, day__lte=window.last)
    counted = reduce(add, (F(counter) for counter in source.counters))
    counts = rows.values("day").annotate(n=Sum(counted)).filter(n__gt=0).order_by("day")
    return [DayCount(row["day"], row["n"]) for row in counts]
