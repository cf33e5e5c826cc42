"""When an event really happened, from what the sender's clock said and when the message came in."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from telemetry.incoming import StatedTime
from telemetry.models import QuarantinedEvent

FARTHEST_AHEAD = timedelta(hours=24)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds since 1970 stay under this until the year 5138; milliseconds are above it since 1973.
FIRST_MILLISECONDS = 100_000_000_000
# Segment's own documentation shows 2015-2-02T00:30:08.276Z, which ISO 8601 does not know.
LAX_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?"
    r" ?(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE | re.ASCII,
)
Reason = QuarantinedEvent.Reason


class UnreadableTimeError(ValueError):
    pass


class EventTime(NamedTuple):
    """`problem` is empty or the reason for which the event cannot be counted as it stands."""

    occurred_at: datetime | None
    original_at: datetime | None
    sent_at: datetime | None
    problem: str


def event_time(stated: StatedTime, sent: StatedTime, *, received_at: datetime, as_of: datetime) -> EventTime:
    """Correct the sender's clock: received − (sent − stated) when both can be read, else as stated.

    Without a statement the event happened when it came in. `as_of` judges what is too far ahead: a
    replayed message is judged later than it was received.
    """
    if stated is None:
        return EventTime(received_at, None, _readable(sent), "")
    try:
        original_at = read_time(stated)
    except UnreadableTimeError:
        return EventTime(None, None, None, Reason.TIME_UNREADABLE.value)
    sent_at = _readable(sent)
    try:
        occurred_at = received_at - (sent_at - original_at) if sent_at else original_at
    except OverflowError:
        reason = Reason.TIME_TOO_EARLY if sent_at and sent_at > original_at else Reason.TIME_IN_FUTURE
        return EventTime(None, None, None, reason.value)
    if original_at < EARLIEST or occurred_at < EARLIEST:
        return EventTime(None, None, None, Reason.TIME_TOO_EARLY.value)
    if occurred_at - as_of > FARTHEST_AHEAD:
        return EventTime(None, None, None, Reason.TIME_IN_FUTURE.value)
    return EventTime(occurred_at, original_at, sent_at, "")


def read_time(stated: StatedTime) -> datetime:
    """The time in UTC; a time without an offset is taken as UTC. Raises UnreadableTimeError."""
    try:
        moment = _moment(stated)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise UnreadableTimeError from error


def _moment(stated: StatedTime) -> datetime:
    if isinstance(stated, str):
        try:
            return datetime.fromisoformat(stated)
        except ValueError:
            return _lax_moment(stated.strip())
    if isinstance(stated, datetime):
        return stated
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        raise UnreadableTimeError
    seconds = stated / 1_000 if abs(stated) >= FIRST_MILLISECONDS else stated
    return EARLIEST + timedelta(seconds=seconds)


def _lax_moment(text: str) -> datetime:
    match = LAX_TIME.fullmatch(text)
    if not match:
        raise UnreadableTimeError
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    micro = int((fraction or "").ljust(6, "0")[:6])
    zone = "+00:00" if offset is None or offset.upper() in ("Z", "UTC") else offset
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro, tzinfo=UTC)
    return datetime.fromisoformat(moment.strftime(f"%4Y-%m-%dT%H:%M:%S.%f{zone}"))


def _readable(sent: StatedTime) -> datetime | None:
    if sent is None:
        return None
    try:
        return read_time(sent)
    except UnreadableTimeError:
        return None
