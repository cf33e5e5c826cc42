"""Recording a set of messages: every way in ends here."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from psycopg import errors

from accounts.tenancy import organization_scope
from telemetry.event_times import event_time
from telemetry.event_types import BASE_TYPE_OF, OPERATIONAL_NAMES, Category, EventType
from telemetry.identities import Tie, Ties
from telemetry.incoming import IncomingEvent, Recorded, Rejection, StatedTime
from telemetry.round_trips import fetch_one
from telemetry.signals import events_recorded
from telemetry.traits import apply_traits
from telemetry.write_keys import KeyChangedError, SendingKey

logger = logging.getLogger(__name__)

RECORD = "SELECT * FROM telemetry_record_events(%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s)"
# A client may be deleted between being found and being written of.
PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.ForeignKeyViolation)
MOST_ATTEMPTS = 6
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


def record_events(
    organization_id: int, events: Sequence[IncomingEvent], *, received_at: datetime, key: SendingKey | None = None
) -> Recorded:
    """Record messages of one organization, in one transaction, with everything that derives from them.

    Durable when it returns, unless a transaction of the caller is around it. A message id that was
    recorded before, in whatever month, changes nothing. Order, splitting and repetition of the messages do
    not matter to what is stored in the end. Sends `events_recorded` after commit.

    Raises KeyChangedError, and records nothing, when `key` is not what the sender was let in with any more.
    """
    return record(Reception(organization_id, received_at, as_of=received_at, key=key), events)


@dataclass(frozen=True)
class Reception:
    """What the messages of one call have in common. `as_of` judges which time is too far ahead."""

    organization_id: int
    received_at: datetime
    as_of: datetime
    key: SendingKey | None = None
    is_replay: bool = False
    is_alone: bool = False


class _NotAloneError(Exception):
    """The messages tie identities, which takes the activity lock exclusively."""


def record(reception: Reception, events: Sequence[IncomingEvent]) -> Recorded:
    # The first of a repeated message counts.
    unique = {event.message_id: event for event in reversed(events)}
    repeated = Recorded(duplicate=len(events) - len(unique))
    return _store(reception, list(unique.values())) + repeated if unique else repeated


def _store(reception: Reception, events: list[IncomingEvent]) -> Recorded:
    """Store them all, or find those that PostgreSQL cannot hold by halving."""
    try:
        return _try_again(partial(_store_at_once, reception, events))
    except _NotAloneError:
        return _store(replace(reception, is_alone=True), events)
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
        except (OperationalError, IntegrityError) as error:
            if not isinstance(error.__cause__, PASSING):
                raise
            time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 - spreads retries
    return store()


def _store_at_once(reception: Reception, events: list[IncomingEvent]) -> Recorded:
    rows = [_row(event, reception) for event in events]
    facts = [row for row in rows if row.category == FACT and not row.problem]
    if not facts and not connection.in_atomic_block:
        outcome = _call(reception, rows)
    else:
        with organization_scope(reception.organization_id):
            outcome = _call(reception, rows)
            _apply_facts(reception, [row for row in facts if row.message_id not in outcome.untouched], outcome)
    if outcome.clients:
        transaction.on_commit(partial(_tell, reception.organization_id, outcome.clients), robust=True)
    accepted = len(rows) - len(outcome.untouched)
    return Recorded(accepted, len(outcome.duplicate), len(outcome.quarantined))


def _tell(organization_id: int, clients: list[int]) -> None:
    events_recorded.send(sender=None, organization_id=organization_id, client_ids=clients)


@dataclass
class _Outcome:
    """Message ids that were not recorded, and the clients of those that were."""

    duplicate: list[str]
    quarantined: list[str]
    clients: list[int]

    @property
    def untouched(self) -> set[str]:
        return {*self.duplicate, *self.quarantined}


def _call(reception: Reception, rows: list[Row]) -> _Outcome:
    users = {row.external_id for row in rows if row.external_id and not row.problem}
    outcome = fetch_one(
        RECORD,
        [
            reception.organization_id,
            reception.received_at,
            reception.is_alone or _is_around_month_end(reception.received_at),
            reception.is_replay,
            msgspec.json.encode(rows).decode(),
            msgspec.json.encode(users).decode(),
            msgspec.json.encode(_elsewhere(rows, reception.received_at)).decode(),
            reception.key.id if reception.key else None,
            reception.key.allowed_origins if reception.key else None,
        ],
    )
    if outcome is None:
        raise KeyChangedError
    return _Outcome(*outcome)


def _apply_facts(reception: Reception, facts: list[Row], outcome: _Outcome) -> None:
    if not facts:
        return
    months = sorted({month_of(row.received_at or reception.received_at) for row in facts})
    told = [row.message_id for row in facts if row.call != "alias"]
    if told:
        apply_traits(reception.organization_id, message_ids=told, months=months)
    ties = Ties(reception.organization_id, [tie for tie in map(_tie, facts) if tie], months=months)
    if ties.are_news():
        if not reception.is_alone:
            raise _NotAloneError
        outcome.clients = sorted({*outcome.clients, *ties.tie()})


def _tie(row: Row) -> Tie | None:
    if row.call == "alias":
        return Tie(row.data["previousId"], row.message_id, is_alias=True)
    if row.call == "identify" and row.external_id and row.anonymous_id:
        return Tie(row.anonymous_id, row.message_id, is_alias=False)
    return None


def _row(event: IncomingEvent, reception: Reception) -> Row:
    received_at = event.received_at or reception.received_at
    when = event_time(event.stated_at, event.sent_at, received_at=received_at, as_of=reception.as_of)
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


def _elsewhere(rows: Iterable[Row], received_at: datetime) -> list[dict[str, Any]]:
    """The messages that may have been recorded in another month than this, and from which month on.

    A message stamped t cannot have been recorded before t - 24 h: it would have been in the future then. One
    without a time of its own, or from a clock that is or was wrong, may have been at any time.
    """
    threshold = datetime.combine(month_of(received_at), datetime.min.time(), tzinfo=UTC) + A_DAY
    # Who waits for another there may find the message in the month after its own.
    is_around_month_end = _is_around_month_end(received_at)
    elsewhere = []
    for row in rows:
        stamped, occurred_at = row.original_at, row.occurred_at
        if stamped is None or occurred_at is None or row.received_at or _has_wrong_clock(row, received_at):
            elsewhere.append({"message_id": row.message_id, "since": EARLIEST_MONTH})
        elif is_around_month_end or stamped < threshold or occurred_at < threshold:
            since = (min(stamped, occurred_at, received_at) - A_DAY).date().replace(day=1)
            elsewhere.append({"message_id": row.message_id, "since": since})
    return elsewhere


def _has_wrong_clock(row: Row, received_at: datetime) -> bool:
    """It sent a message on another day than it came in, or before the message was."""
    sent_at, stamped = row.sent_at, row.original_at
    if sent_at is None or stamped is None:
        return False
    return sent_at < stamped or not -A_DAY <= received_at - sent_at <= A_DAY


def month_of(received_at: datetime) -> date:
    """The month in whose partition a message that is received then is stored."""
    return received_at.astimezone(UTC).date().replace(day=1)


def _is_around_month_end(received_at: datetime) -> bool:
    return month_of(received_at - AROUND_MONTH_END) != month_of(received_at + AROUND_MONTH_END)
