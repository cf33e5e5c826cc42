"""Recording a set of messages: every way in ends here."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import msgspec
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from psycopg import errors

from accounts.tenancy import organization_scope
from telemetry.identities import Tie, Ties
from telemetry.incoming import IncomingEvent, Recorded, Rejection
from telemetry.round_trips import fetch_one
from telemetry.rows import FACT, Row, elsewhere, is_around_month_end, month_of, row_of
from telemetry.signals import events_recorded
from telemetry.traits import apply_traits
from telemetry.write_keys import KeyChangedError, SendingKey

logger = logging.getLogger(__name__)

RECORD = "SELECT * FROM telemetry_record_events(%s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s, %s)"
# A client may be deleted between being found and being written of.
PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.ForeignKeyViolation)
MOST_ATTEMPTS = 6


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
    rows = [row_of(event, received_at=reception.received_at, as_of=reception.as_of) for event in events]
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
            reception.is_alone or is_around_month_end(reception.received_at),
            reception.is_replay,
            msgspec.json.encode(rows).decode(),
            msgspec.json.encode(users).decode(),
            msgspec.json.encode(elsewhere(rows, reception.received_at)).decode(),
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
