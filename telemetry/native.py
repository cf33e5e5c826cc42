"""The product's own shape of an event."""

from collections.abc import Mapping
from typing import Any

from telemetry.event_types import OPERATIONAL_NAMES
from telemetry.incoming import IncomingEvent
from telemetry.message_fields import (
    RejectedEventError,
    read_id,
    read_message_id,
    read_name,
    read_object,
    read_path,
    read_session,
    read_success,
    readable_duration,
)


def from_native(message: Mapping[str, Any], *, index: int, sent_at: Any = None) -> IncomingEvent:
    """One event: name, clientId or anonymousId, and what else is known. Raises RejectedEventError."""
    name = read_name(_first(message, "name", "event", "type"), field="name")
    external_id = read_id(message.get("clientId"), field="clientId", code="client_id")
    anonymous_id = read_id(message.get("anonymousId"), field="anonymousId", code="anonymous_id")
    if not external_id and not anonymous_id and name not in OPERATIONAL_NAMES:
        raise RejectedEventError("client_missing", "The event names nobody: give clientId or anonymousId.")
    return IncomingEvent(
        message_id=read_message_id(message.get("messageId")),
        name=name,
        external_id=external_id,
        anonymous_id=anonymous_id,
        data=read_object(message.get("data"), field="data"),
        page_path=read_path(message.get("path")),
        session_id=read_session(message.get("sessionId")),
        duration_seconds=_duration(message.get("durationSeconds")),
        success=_success(message.get("success"), name),
        stated_at=_first(message, "occurredAt", "timestamp"),
        sent_at=_first(message, "sentAt") or sent_at,
        index=index,
    )


def _first(message: Mapping[str, Any], *keys: str) -> Any:
    return next((message[key] for key in keys if message.get(key) is not None), None)


def _duration(value: Any) -> float | None:
    seconds = readable_duration(value)
    if seconds is None and value is not None:
        raise RejectedEventError("duration_invalid", "durationSeconds is not a number of seconds from 0 on.")
    return seconds


def _success(value: Any, name: str) -> bool:
    if value is not None and not isinstance(value, bool):
        raise RejectedEventError("success_invalid", "success is neither true nor false.")
    return read_success(value, name=name)
