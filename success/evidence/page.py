"""What stands behind a count of the receipt, put into the client's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.behind import (
    Behind,
    DayCount,
    answers_behind,
    behind,
    component_of,
    counted_by,
    days_behind,
    events_behind,
    tasks_behind,
    window_of,
)
from success.dashboard.explanation import COUNTED
from success.dashboard.numbers import whole
from success.evidence.cursor import Cursor, newest_first
from success.models import Feedback, Score, Task
from success.receipts import Window
from telemetry.event_types import EventType
from telemetry.models import Event

EVENTS_A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One event. `came_later`: after the score was computed."""

    at: datetime
    name: str
    kind: str
    path: str
    came_later: bool


@dataclass(frozen=True)
class Day:
    day: date
    lines: Sequence[Line]


@dataclass(frozen=True)
class EvidencePage:
    """What was counted. Of its `shape`, which is events, days, tasks or answers, only that is filled."""

    score: Score
    part: str
    title: str
    window: Window | None
    shape: str
    counted: str
    notes: Sequence[str] = ()
    days: Sequence[Day] = ()
    day_counts: Sequence[DayCount] = ()
    tasks: QuerySet[Task] | None = None
    answers: QuerySet[Feedback] | None = None
    dropped: Sequence[DayCount] = ()
    after: Cursor | None = None
    next: Cursor | None = None


SHAPES = {"active_days": "days", "tasks": "tasks", "answers": "answers"}


def evidence_page(score: Score, part: str, *, after: Cursor | None) -> EvidencePage:
    """Raises UnknownPartError. In the same few queries however much there is."""
    component_of(part)
    title, _window = COUNTED[part]
    page = EvidencePage(
        score=score,
        part=part,
        title=str(title),
        window=window_of(score, part),
        shape=SHAPES.get(part, "events"),
        counted=whole(counted_by(score, part)),
        after=after,
    )
    if part == "tasks":
        done = {"done": whole(score.onboarding_done), "all": whole(score.onboarding_tasks)}
        return replace(page, counted=_("%(done)s of %(all)s") % done, tasks=tasks_behind(score).order_by("pk"))
    if part == "answers":
        return replace(page, answers=answers_behind(score).order_by("-given_at", "-pk"))
    if part == "active_days":
        return replace(page, notes=_notes(behind(score, part)), day_counts=days_behind(score, part)[::-1])
    return _with_events(page, behind(score, part))


def _with_events(page: EvidencePage, found: Behind) -> EvidencePage:
    events = newest_first(events_behind(page.score, component_of(page.part), page.part), after=page.after)
    read = list(events[: EVENTS_A_PAGE + 1])
    shown = read[:EVENTS_A_PAGE]
    return replace(
        page,
        notes=_notes(found),
        days=_by_day(shown, page.score, is_late=found.since > 0),
        dropped=found.dropped,
        next=Cursor.of(shown[-1]) if len(read) > len(shown) else None,
    )


def _by_day(events: Iterable[Event], score: Score, *, is_late: bool) -> list[Day]:
    return [
        Day(day, [_line(event, score, is_late=is_late) for event in of_day])
        for day, of_day in groupby(events, key=lambda event: event.day)  # type: ignore[attr-defined]
    ]


def _line(event: Event, score: Score, *, is_late: bool) -> Line:
    return Line(
        at=event.occurred_at,
        name=event.name,
        kind=str(EventType(event.base_type).label) if event.base_type else _("Other activity"),
        path=event.page_path,
        came_later=is_late and event.received_at > score.computed_at,
    )


def _notes(found: Behind) -> list[str]:
    notes = []
    if found.since > 0:
        text = ngettext(
            "%(count)s more came in after the score was computed; a new computation will count it.",
            "%(count)s more came in after the score was computed; a new computation will count them.",
            found.since,
        )
        notes.append(text % {"count": whole(found.since)})
    if found.since < 0:
        text = ngettext(
            "%(count)s that was counted then counts otherwise by now.",
            "%(count)s that were counted then count otherwise by now.",
            -found.since,
        )
        notes.append(text % {"count": whole(-found.since)})
    if found.dropped:
        text = ngettext(
            "%(count)s is too old to be kept singly: only how many there were on each day is known.",
            "%(count)s are too old to be kept singly: only how many there were on each day is known.",
            found.dropped_count,
        )
        notes.append(text % {"count": whole(found.dropped_count)})
    return notes
