"""A message as it goes to the database: its time placed, its kind told, and where it may have been before."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from telemetry.event_times import event_time
from telemetry.event_types import BASE_TYPE_OF, OPERATIONAL_NAMES, Category, EventType
from telemetry.incoming import IncomingEvent, StatedTime

EARLIEST_MONTH = date(1970, 1, 1)
A_DAY = timedelta(hours=24)
# The same message may come in on both sides of a month's end at once; there its recordings wait for each other.
AROUND_MONTH_END = timedelta(minutes=5)
VIEWS = frozenset({"page", "screen"})
FACTS = frozenset({"identify", "group", "alias"})
ENGAGEMENT, OPERATIONAL, FACT = Category.ENGAGEMENT.value, Category.OPERATIONAL.value, Category.FACTS.value
PAGE_VIEW = EventType.PAGE_VIEW.value


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message as `telemetry_record_events` reads it and as the quarantine keeps it."""

    message_id: str
    call: str
    name: str
    base_type: str
    category: str
    success: bool
    data: Any
    page_path: str
    session_id: str
    duration_seconds: float | None
    external_id: str
    anonymous_id: str
    problem: str
    occurred_at: datetime | None = None
    original_at: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    # What the sender said, where it could not be used.
    stated_at: StatedTime = None
    stated_sent_at: StatedTime = None


def row_of(event: IncomingEvent, *, received_at: datetime, as_of: datetime) -> Row:
    """`received_at` is that of the request; `as_of` judges which time is too far ahead."""
    received_at = event.received_at or received_at
    when = event_time(event.stated_at, event.sent_at, received_at=received_at, as_of=as_of)
    name, call = event.name, event.call
    base_type, category = _kind(name, call)
    return Row(
        event.message_id,
        call,
        name,
        base_type,
        category,
        event.success,
        event.data,
        event.page_path,
        event.session_id,
        event.duration_seconds,
        event.external_id,
        event.anonymous_id,
        when.problem,
        when.occurred_at,
        when.original_at,
        when.sent_at,
        event.received_at,
        event.stated_at if when.problem else None,
        event.sent_at if when.problem else None,
    )


def _kind(name: str, call: str) -> tuple[str, str]:
    """Base type and category. The organization's own names are looked up where the event is stored."""
    if call in FACTS:
        return "", FACT
    if call in VIEWS:
        return PAGE_VIEW, ENGAGEMENT
    base_type = BASE_TYPE_OF.get(name)
    if base_type is not None:
        return base_type.value, ENGAGEMENT
    return "", OPERATIONAL if name in OPERATIONAL_NAMES else ENGAGEMENT


def elsewhere(rows: Iterable[Row], received_at: datetime) -> list[dict[str, Any]]:
    """The messages that may have been recorded in another month than this, and from which month on.

    A message stamped t cannot have been recorded before t - 24 h: it would have been in the future then. One
    without a time of its own, or from a clock that is or was wrong, may have been at any time.
    """
    threshold = datetime.combine(month_of(received_at), datetime.min.time(), tzinfo=UTC) + A_DAY
    # Who waits for another there may find the message in the month after its own.
    is_around = is_around_month_end(received_at)
    found: list[dict[str, Any]] = []
    for row in rows:
        stamped, occurred_at = row.original_at, row.occurred_at
        if stamped is None or occurred_at is None or row.received_at or _has_wrong_clock(row, received_at):
            found.append({"message_id": row.message_id, "since": EARLIEST_MONTH})
        elif is_around or stamped < threshold or occurred_at < threshold:
            since = (min(stamped, occurred_at, received_at) - A_DAY).date().replace(day=1)
            found.append({"message_id": row.message_id, "since": since})
    return found


def _has_wrong_clock(row: Row, received_at: datetime) -> bool:
    """It sent a message on another day than it came in, or before the message was."""
    sent_at, stamped = row.sent_at, row.original_at
    if sent_at is None or stamped is None:
        return False
    return sent_at < stamped or not -A_DAY <= received_at - sent_at <= A_DAY


def month_of(received_at: datetime) -> date:
    """The month in whose partition a message that is received then is stored."""
    return received_at.astimezone(UTC).date().replace(day=1)


def is_around_month_end(received_at: datetime) -> bool:
    return month_of(received_at - AROUND_MONTH_END) != month_of(received_at + AROUND_MONTH_END)
