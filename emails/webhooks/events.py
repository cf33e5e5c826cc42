"""What a provider tells of a mail, in our words. Nothing here asks the database."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from emails.models import MailActivity
from emails.tracking.links import page_of
from emails.tracking.readers import Reader, reader_by
from emails.webhooks.bounces import is_permanent

Kind = MailActivity.Kind

KINDS = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.OPENED: Kind.OPENED,
    EventType.CLICKED: Kind.CLICKED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.DEFERRED: Kind.DEFERRED,
    EventType.REJECTED: Kind.REJECTED,
    EventType.FAILED: Kind.REJECTED,
    EventType.COMPLAINED: Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}
SEEN = (Kind.OPENED, Kind.CLICKED)
BIGGEST_ID = 2**63 - 1
UID_IN_MESSAGE_ID = re.compile(r"<?([0-9a-f]{32})@")
# What PostgreSQL takes in no text.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Consequence(StrEnum):
    NONE = ""
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


# A provider that refuses to send says of its own list why.
OF_REFUSAL = {
    RejectReason.INVALID: Consequence.BOUNCED,
    RejectReason.BOUNCED: Consequence.BOUNCED,
    RejectReason.SPAM: Consequence.COMPLAINED,
    RejectReason.UNSUBSCRIBED: Consequence.UNSUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One event. Its mail is named by organization and uid, as we gave them along, or by a Message-ID."""

    kind: Kind
    consequence: Consequence
    organization_id: int | None
    uid: UUID | None
    message_id: str
    at: datetime | None
    event_key: str
    reader: Reader
    link: str
    detail: str


def told_by(event: AnymailTrackingEvent) -> Told | None:
    """None for what nothing is kept of, such as that a mail is in the provider's queue."""
    kind = KINDS.get(event.event_type)
    if kind is None:
        return None
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    reader = _reader_of(event) if kind in SEEN else Reader()
    said = " – ".join(filter(None, (_text(event.description), _text(event.mta_response))))
    return Told(
        kind=kind,
        consequence=_consequence_of(event, kind),
        organization_id=_id(metadata.get("organization")),
        uid=_uid(metadata.get("uid")),
        message_id=_text(event.message_id)[:255],
        at=_time(event.timestamp),
        event_key=_text(event.event_id)[:200] or _digest_of(event),
        reader=reader,
        link=page_of(_text(event.click_url)) if kind == Kind.CLICKED else "",
        detail=(reader.name or said)[:500],
    )


def uid_in(message_id: str) -> UUID | None:
    """Our own Message-IDs begin with the uid of the mail."""
    found = UID_IN_MESSAGE_ID.match(message_id)
    return UUID(found[1]) if found else None


def _consequence_of(event: AnymailTrackingEvent, kind: Kind) -> Consequence:
    if kind == Kind.COMPLAINED:
        return Consequence.COMPLAINED
    if kind == Kind.UNSUBSCRIBED:
        return Consequence.UNSUBSCRIBED
    if kind == Kind.REJECTED:
        return OF_REFUSAL.get(event.reject_reason, Consequence.NONE)
    if kind == Kind.BOUNCED and is_permanent(told=event.esp_event, response=_text(event.mta_response)):
        return Consequence.BOUNCED
    return Consequence.NONE


def _reader_of(event: AnymailTrackingEvent) -> Reader:
    """Some providers have looked themselves: SendGrid and Brevo name the opens of Apple's proxy, Mailgun bots."""
    told = event.esp_event if isinstance(event.esp_event, dict) else {}
    nested = told.get("event-data")
    client = nested.get("client-info") if isinstance(nested, dict) else None
    named_bot = client.get("bot") if isinstance(client, dict) else None
    # Gmail's proxy fetches when the mail is displayed.
    is_bot = bool(named_bot) and named_bot != "gmail"
    if told.get("sg_machine_open") is True or "proxy_open" in str(told.get("event", "")) or is_bot:
        return Reader("Mail proxy", is_automatic=True)
    # A provider that passes no user agent on has said nothing about it.
    agent = _text(event.user_agent)
    return reader_by(agent) if agent else Reader()


def _digest_of(event: AnymailTrackingEvent) -> str:
    """For providers that give events no id: the same event told again reads the same."""
    told = event.esp_event
    text = json.dumps(dict(told) if hasattr(told, "lists") else told, sort_keys=True, default=str)
    return hashlib.sha256(f"{event.recipient}{text}".encode(errors="replace")).hexdigest()


def _text(value: Any) -> str:
    return UNSTORABLE.sub("", str(value)).strip() if value is not None else ""


def _id(value: Any) -> int | None:
    text = str(value)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    return number if 0 < number <= BIGGEST_ID else None


def _uid(value: Any) -> UUID | None:
    try:
        return UUID(hex=str(value))
    except ValueError:
        return None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
