"""Reading single fields of a message: what is there, what may be left out, what refuses the event."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from telemetry.event_types import FAILURES
from telemetry.incoming import ID_LENGTH, LONGEST_DURATION, MESSAGE_ID_LENGTH, NAME_LENGTH, PATH_LENGTH


class RejectedEventError(Exception):
    """One event is not taken: `code` for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read_message_id(value: Any) -> str:
    """The sender's id as text; an id of our own when there is none."""
    if isinstance(value, str) and 0 < len(value) <= MESSAGE_ID_LENGTH:
        return value
    return _id_text(value, field="messageId", code="message_id", longest=MESSAGE_ID_LENGTH) or str(uuid4())


def read_id(value: Any, *, field: str, code: str) -> str:
    """An id of a client as text, whether it was sent as text or as a number; empty when there is none."""
    if isinstance(value, str) and 0 < len(value) <= ID_LENGTH and not value.isspace():
        return value
    return _id_text(value, field=field, code=code, longest=ID_LENGTH)


def read_name(value: Any, *, field: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= NAME_LENGTH and not value.isspace():
        return value
    if value is None or (isinstance(value, str) and not value.strip()):
        raise RejectedEventError("name_missing", f"The event has no name: give it as {field}.")
    if isinstance(value, str):
        raise RejectedEventError("name_too_long", f"{field} has over {NAME_LENGTH} characters.")
    raise RejectedEventError("name_invalid", f"{field} is not a text.")


def read_object(value: Any, *, field: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    raise RejectedEventError("data_invalid", f"{field} is not an object.")


def read_session(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)[:ID_LENGTH]
    return ""


def read_path(*candidates: Any) -> str:
    """The path alone of the first candidate that is a path or an address: no host, query or fragment."""
    for candidate in candidates:
        if not isinstance(candidate, str) or not candidate:
            continue
        if candidate[0] == "/" and not candidate.startswith("//"):
            return candidate.partition("?")[0].partition("#")[0][:PATH_LENGTH]
        try:
            parts = urlsplit(candidate)
        except ValueError:
            continue
        return (parts.path or "/")[:PATH_LENGTH]
    return ""


def readable_duration(value: Any) -> float | None:
    """Seconds, or None for anything else: other programs use the word for other things."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_DURATION:
        return value
    return None


def read_success(value: Any, *, name: str) -> bool:
    return value if isinstance(value, bool) else name not in FAILURES


def _id_text(value: Any, *, field: str, code: str, longest: int) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RejectedEventError(f"{code}_invalid", f"{field} is neither a text nor a number.")
    if len(text := str(value)) > longest:
        raise RejectedEventError(f"{code}_too_long", f"{field} has over {longest} characters.")
    return text
