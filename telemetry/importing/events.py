"""A row of a file as an event, in the product's own words."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from telemetry.gate import RefusedRequestError, read_one
from telemetry.importing.options import Format, ImportOptions, UnableToImportError
from telemetry.importing.rows import SourceRow
from telemetry.importing.times import TimeReader, time_reader
from telemetry.incoming import IncomingEvent
from telemetry.message_fields import RejectedEventError
from telemetry.native import from_native
from telemetry.segment import READERS, from_segment

FIELDS = frozenset(
    {
        "messageId",
        "name",
        "clientId",
        "anonymousId",
        "path",
        "sessionId",
        "durationSeconds",
        "success",
        "occurredAt",
        "data",
    }
)
# What other programs call the fields, in small letters and without signs.
ALSO_CALLED = {
    "messageid": "messageId",
    "name": "name",
    "event": "name",
    "eventname": "name",
    "clientid": "clientId",
    "userid": "clientId",
    "anonymousid": "anonymousId",
    "path": "path",
    "pagepath": "path",
    "sessionid": "sessionId",
    "durationseconds": "durationSeconds",
    "success": "success",
    "occurredat": "occurredAt",
    "timestamp": "occurredAt",
    "data": "data",
    "properties": "data",
}
NOT_A_LETTER = re.compile(r"[^a-z]")
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?", re.ASCII)
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
EventOf = Callable[[SourceRow], IncomingEvent]


def event_reader(options: ImportOptions, content: bytes) -> EventOf:
    """Turns rows into events; it raises RejectedEventError for a row that is none.

    A row without a message id gets one from the content's digest and its number: read again, it is the same.
    """
    read_time = time_reader(options)
    words = _json_words(options, read_time) if options.format is Format.NDJSON else _table_words(options, read_time)
    prefix = f"import-{content.hex()[:40]}-"

    def read(row: SourceRow) -> IncomingEvent:
        return words(row.values, row.number, f"{prefix}{row.number}")

    return read


def meaning_of(columns: Sequence[str], options: ImportOptions) -> dict[str, str]:
    """Column to field or key of the data. Raises UnableToImportError when no event can come of them."""
    unknown = options.fields.keys() - set(columns)
    if unknown:
        raise UnableToImportError(f"The file has no column {', '.join(sorted(unknown))}: it has {', '.join(columns)}.")
    fields = {column: options.fields.get(column, _own_name(column)) for column in columns}
    known = [field for field in fields.values() if field in FIELDS]
    if len(known) != len(set(known)):
        raise UnableToImportError("Two columns mean the same field: give one another meaning with --map COLUMN=KEY.")
    for needed, names in {
        "whom it is about": {"clientId", "anonymousId"},
        "when it happened": {"occurredAt"},
        "what happened": {"name"},
    }.items():
        if not names & set(known) and not (names == {"name"} and options.name):
            hint = "--name NAME or --map COLUMN=name" if "name" in names else f"--map COLUMN={min(names)}"
            raise UnableToImportError(f"No column says {needed}: {hint}. The file has {', '.join(columns)}.")
    return fields


def _own_name(column: str) -> str:
    return ALSO_CALLED.get(NOT_A_LETTER.sub("", column.lower()), column)


Words = Callable[[Mapping[str, Any], int, str], IncomingEvent]


def _table_words(options: ImportOptions, read_time: TimeReader) -> Words:
    meaning: dict[str, str] = {}

    def words(values: Mapping[str, Any], number: int, own_id: str) -> IncomingEvent:
        if not meaning:
            meaning.update(meaning_of(list(values), options))
        message: dict[str, Any] = {"messageId": own_id}
        data: dict[str, Any] = {}
        for column, value in values.items():
            field = meaning[column]
            if not field or not (text := value.strip()):
                continue
            if field in FIELDS:
                message[field] = READ[field](text) if field in READ else text
            else:
                data[field] = _plain(text)
        message["data"] = message.get("data", {}) | data
        message.setdefault("name", options.name or None)
        message["occurredAt"] = read_time(message.get("occurredAt"))
        return from_native(message, index=number)

    return words


def _json_words(options: ImportOptions, read_time: TimeReader) -> Words:
    def words(values: Mapping[str, Any], number: int, own_id: str) -> IncomingEvent:
        message = {options.fields.get(key, key): value for key, value in values.items()}
        if message.get("messageId") in (None, ""):
            message["messageId"] = own_id
        if _is_segment(message):
            event = from_segment(message, index=number, call=None, context={}, sent_at=None)
            # In an archive, timestamp is the corrected time and originalTimestamp the sender's.
            stated = message.get("timestamp") or event.stated_at
        else:
            message.setdefault("name", message.get("event") or options.name or None)
            event = from_native(message, index=number)
            stated = event.stated_at
        # When an archive was once sent says nothing of the clock on the day of its import.
        return msgspec.structs.replace(event, stated_at=read_time(stated), sent_at=None)

    return words


def _is_segment(message: Mapping[str, Any]) -> bool:
    return message.get("type") in READERS and "clientId" not in message


def _plain(text: str) -> str | int | float:
    """A number where nothing is lost by it: 007 and long ids stay text."""
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _duration(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise RejectedEventError("duration_invalid", "The duration is not a number of seconds.") from error


def _success(text: str) -> bool:
    try:
        return TRUTH[text.lower()]
    except KeyError as error:
        raise RejectedEventError("success_invalid", "success is neither true nor false.") from error


def _object(text: str) -> dict[str, Any]:
    try:
        (item,) = read_one(text).items or []
    except RefusedRequestError as error:
        raise RejectedEventError("data_invalid", "The data column is no JSON object.") from error
    if item.flaw:
        raise RejectedEventError(*item.flaw)
    return item.value


READ: dict[str, Callable[[str], Any]] = {"durationSeconds": _duration, "success": _success, "data": _object}
