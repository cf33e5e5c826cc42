"""Recording a set of messages: every way in ends here."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from django.db import DataError, OperationalError, connection, transaction
from psycopg import errors

from accounts.tenancy import organization_scope
from telemetry.event_times import event_time
from telemetry.event_types import BASE_TYPE_OF, OPERATIONAL_NAMES, Category, EventType
from telemetry.incoming import IncomingEvent, Recorded, Rejection, StatedTime
from telemetry.signals import events_recorded

logger = logging.getLogger(__name__)

RECORD = "SELECT * FROM telemetry_record_events(%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb)"
PASSING = (errors.DeadlockDetected, errors.SerializationFailure)
MOST_ATTEMPTS = 6
EARLIEST_MONTH = date(1970, 1, 1)
LATEST_AFTER_STATED = timedelta(hours=24)
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
    # What the sender said, where it could not be used.
    stated_at: StatedTime = None
    stated_sent_at: StatedTime = None


def record_events(organization_id: int, events: Sequence[IncomingEvent], *, received_at: datetime) -> Recorded:
    """Record messages of one organization, in one transaction, with everything that derives from them.

    Durable when it returns, unless a transaction of the caller is around it. A message id that was
    recorded before, in whatever month, changes nothing. Order, splitting and repetition of the messages do
    not matter to what is stored in the end. Sends `events_recorded` after commit.
    """
    return _record(_Reception(organization_id, received_at, as_of=received_at), events)


@dataclass(frozen=True)
class _Reception:
    """What the messages of one call have in common."""

    organization_id: int
    received_at: datetime
    as_of: datetime
    replaying: bool = False


def _record(reception: _Reception, events: Sequence[IncomingEvent]) -> Recorded:
    # The first of a repeated message counts.
    unique = {event.message_id: event for event in reversed(events)}
    repeated = Recorded(duplicate=len(events) - len(unique))
    return _store(reception, list(unique.values())) + repeated if unique else repeated


def _store(reception: _Reception, events: list[IncomingEvent]) -> Recorded:
    """Store them all, or find those that PostgreSQL cannot hold by halving."""
    try:
        return _try_again(lambda: _store_at_once(reception, events))
    except (DataError, TypeError, ValueError):
        if len(events) == 1:
            logger.warning("telemetry.unstorable", extra={"organization_id": reception.organization_id})
            return Recorded(rejected=[Rejection(events[0].index, "unstorable", "The event cannot be stored.")])
        half = len(events) // 2
        return _store(reception, events[:half]) + _store(reception, events[half:])


def _try_again(store: Callable[[], Recorded]) -> Recorded:
    """Deadlocks and the like pass: keys are locked in order here, but others lock too."""
    for attempt in range(1, MOST_ATTEMPTS):
        try:
            return store()
        except OperationalError as error:
            if not isinstance(error.__cause__, PASSING):
                raise
            time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 - spreads retries
    return store()


def _store_at_once(reception: _Reception, events: list[IncomingEvent]) -> Recorded:
    rows = [_row(event, reception) for event in events]
    if not connection.in_atomic_block:
        duplicate, quarantined, clients = _call(reception, rows)
    else:
        with organization_scope(reception.organization_id):
            duplicate, quarantined, clients = _call(reception, rows)
    if clients:
        transaction.on_commit(partial(_tell, reception.organization_id, clients), robust=True)
    return Recorded(len(rows) - len(duplicate) - len(quarantined), len(duplicate), len(quarantined))


def _tell(organization_id: int, clients: list[int]) -> None:
    events_recorded.send(sender=None, organization_id=organization_id, client_ids=clients)


def _call(reception: _Reception, rows: list[Row]) -> tuple[list[int], list[int], list[int]]:
    # Without a transaction around it the statement is its own: one round trip, durable when it returns.
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            [
                reception.organization_id,
                reception.received_at,
                _is_around_month_end(reception.received_at),
                reception.replaying,
                msgspec.json.encode(rows).decode(),
                msgspec.json.encode({row.external_id for row in rows if row.external_id and not row.problem}).decode(),
                msgspec.json.encode(_elsewhere(rows, reception.received_at)).decode(),
            ],
        )
        duplicate, quarantined, clients = cursor.fetchone()
    return duplicate, quarantined, clients


def _row(event: IncomingEvent, reception: _Reception) -> Row:
    when = event_time(event.stated_at, event.sent_at, received_at=reception.received_at, as_of=reception.as_of)
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


def _elsewhere(rows: Iterable[Row], received_at: datetime) -> list[dict[str, Any]]:
    """The messages that may have been recorded in another month than this, and from which month on.

    A message stamped t cannot have been recorded before t - 24 h. One without a time of its own, or with
    one that cannot be right, may have been at any time.
    """
    month = received_at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    threshold = month + LATEST_AFTER_STATED
    elsewhere = []
    for row in rows:
        stamped = row.original_at
        if stamped is None or row.occurred_at is None:
            elsewhere.append({"message_id": row.message_id, "since": EARLIEST_MONTH})
        elif stamped < threshold or row.occurred_at < threshold:
            since = (min(stamped, row.occurred_at) - LATEST_AFTER_STATED).date().replace(day=1)
            elsewhere.append({"message_id": row.message_id, "since": since})
    return elsewhere


def _is_around_month_end(received_at: datetime) -> bool:
    return (received_at - AROUND_MONTH_END).month != (received_at + AROUND_MONTH_END).month
