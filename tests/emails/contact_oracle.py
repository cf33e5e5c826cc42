"""The contact budget once more, in plain Python and one client at a time, from the requirements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from emails.kinds import MailKind

MINUTE = timedelta(minutes=1)
WEEKS = {"weekly": 1, "fortnightly": 2, "monthly": 4}


@dataclass(frozen=True)
class Rules:
    cap: int
    from_hour: int
    until_hour: int
    business_days: bool


@dataclass
class Message:
    """What the ledger says of one; `is_held` when somebody is sending its mail."""

    kind: str
    key: str
    category: str
    priority: int
    due_at: datetime | None
    status: str
    reason: str
    is_held: bool = False


@dataclass
class Person:
    timezone: str
    is_here: bool = True
    has_address: bool = True
    has_valid_address: bool = True
    is_stopped: bool = False
    # Category: how often; None: unsubscribed.
    consents: dict[str, str | None] = field(default_factory=dict)
    ledger: list[Message] = field(default_factory=list)


def decide(
    person: Person,
    kind: MailKind,
    key: str,
    *,
    as_of: datetime,
    rules: Rules,
    is_on: bool,
    valid_until: datetime | None,
) -> None:
    """Add what becomes of it to the person's ledger, and change what has to give way."""
    if any((message.kind, message.key) == (kind.name, key) for message in person.ledger):
        return
    due_at = first_open_minute(as_of, person.timezone, rules)
    reason = refusal(person, kind.category, due_at)
    if not reason and not is_on:
        reason = "switched_off"
    if not reason and valid_until is not None and valid_until < due_at:
        reason = "late"
    if not reason and not make_room(person, kind.priority, due_at, rules.cap):
        reason = "budget"
    status, at = ("skipped", None) if reason else ("planned", due_at)
    person.ledger.append(Message(kind.name, key, kind.category, kind.priority, at, status, reason))


def refusal(person: Person, category: str, due_at: datetime) -> str:  # noqa: PLR0911 - one for each reason
    if not person.is_here:
        return "client_left"
    if not person.has_address:
        return "no_address"
    if not person.has_valid_address:
        return "invalid_address"
    if category not in person.consents:
        return "not_asked"
    frequency = person.consents[category]
    if frequency is None:
        return "unsubscribed"
    if person.is_stopped:
        return "stopped_address"
    latest = max((m.due_at for m in counted(person) if m.category == category and m.due_at), default=None)
    if latest is not None and due_at - latest < timedelta(days=7 * WEEKS[frequency] - 3):
        return "frequency"
    return ""


def make_room(person: Person, priority: int, due_at: datetime, cap: int) -> bool:
    week = monday(due_at, person.timezone)
    same_week = [m for m in counted(person) if m.due_at and monday(m.due_at, person.timezone) == week]
    movable = [m for m in same_week if m.status == "planned" and m.priority < priority and not m.is_held]
    surplus = len(same_week) + 1 - cap
    if surplus > len(movable):
        return False
    # The least important goes first, and of those the last to come.
    last_first = movable[::-1]
    for message in sorted(last_first, key=lambda m: m.priority)[: max(surplus, 0)]:
        message.status, message.reason = "skipped", "outranked"
    return True


def counted(person: Person) -> Sequence[Message]:
    return [message for message in person.ledger if message.status in {"planned", "sent", "uncertain"}]


def monday(at: datetime, timezone: str) -> date:
    day = at.astimezone(ZoneInfo(timezone)).date()
    return day - timedelta(days=day.isoweekday() - 1)


@cache
def first_open_minute(as_of: datetime, timezone: str, rules: Rules) -> datetime:
    moment = as_of
    while not is_open(moment.astimezone(ZoneInfo(timezone)), rules):
        moment = moment.replace(second=0, microsecond=0) + MINUTE
    return moment


def is_open(local: datetime, rules: Rules) -> bool:
    if rules.business_days and local.isoweekday() in {6, 7}:
        return False
    return rules.from_hour * 60 <= local.hour * 60 + local.minute < rules.until_hour * 60
