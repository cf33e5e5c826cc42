"""The gate: what is let in as JSON, before anything else looks at it.

It goes by bytes, not by labels, and judges each event of a batch alone: one bad event costs one event.
"""

import json
import re
import zlib
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import isinf
from typing import Any

LARGEST_BODY = 500 * 1_024
LARGEST_EVENT = 32 * 1_024
MOST_EVENTS = 1_000
DEEPEST = 16
LONGEST_NUMBER = 100
LARGEST_EXPONENT = 308
MOST_GZIP_MEMBERS = 16

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = "\ufeff"
BLANK = re.compile(r"[ \t\n\r]*")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A string that never ends runs to the end of the text, so that looking for it again cannot cost the square.
BRACKETS_AND_STRINGS = re.compile(r'[\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)


class RefusedRequestError(Exception):
    """The whole request is refused: `status`, `code` for programs, the message for people."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


@dataclass(slots=True)
class Item:
    """One event of a request, or the `flaw` for which it is rejected: a code and a message."""

    value: dict[str, Any]
    flaw: tuple[str, str] | None = None


@dataclass(slots=True)
class Envelope:
    """`fields` are what stood around the items; `items` is None when the expected list was not there."""

    items: list[Item] | None
    fields: dict[str, Any] = field(default_factory=dict)


FLAWS = {
    "duplicate_key": "An object holds the same key twice.",
    "not_a_number": "NaN and Infinity are no JSON numbers.",
    "number_out_of_range": f"A number has over {LONGEST_NUMBER} characters or an exponent beyond {LARGEST_EXPONENT}.",
    "too_deep": f"Arrays and objects are nested deeper than {DEEPEST}.",
    "too_large": f"The event has over {LARGEST_EVENT} bytes.",
    "invalid_json": "The event is no valid JSON.",
    "invalid_text": "A text holds NUL, half a surrogate pair or bytes that are not UTF-8.",
    "not_an_object": "An event is a JSON object.",
}


def decode_body(body: bytes) -> str:
    """The text of a request: unpacked when it is gzip or zlib, and never over the cap."""
    if body[:2] == GZIP_MAGIC:
        body = _unpack(body, 31)
    elif body[:1] == b"\x78" and len(body) > 1 and int.from_bytes(body[:2], "big") % 31 == 0:
        body = _unpack(body, 15)
    if len(body) > LARGEST_BODY:
        raise too_large()
    try:
        return body.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        # The events that hold the bad bytes are found by the lone surrogates that stand for them.
        return body.decode(errors="surrogateescape")


def too_large() -> RefusedRequestError:
    return RefusedRequestError(413, "body_too_large", f"A request may have {LARGEST_BODY} bytes, unpacked.")


def read_one(text: str) -> Envelope:
    """The text is one event."""
    reader = _Reader(text)
    item, end = reader.item(reader.blank(0))
    reader.expect_end(end)
    return Envelope([item])


def read_many(text: str, *, key: str) -> Envelope:
    """The text is a list of events, or an object with that list under `key`."""
    reader = _Reader(text)
    start = reader.blank(0)
    if text.startswith("[", start):
        items, end = reader.items(start)
        reader.expect_end(end)
        return Envelope(items)
    return reader.envelope(start, key)


def _unpack(body: bytes, window_bits: int) -> bytes:
    unpacked = bytearray()
    for _ in range(MOST_GZIP_MEMBERS):
        member = zlib.decompressobj(window_bits)
        try:
            unpacked += member.decompress(body, LARGEST_BODY + 1 - len(unpacked))
        except zlib.error as error:
            raise RefusedRequestError(400, "invalid_gzip", "The body cannot be unpacked.") from error
        if len(unpacked) > LARGEST_BODY:
            raise too_large()
        if not member.eof:
            raise RefusedRequestError(400, "invalid_gzip", "The packed body ends too early.")
        body = member.unused_data.lstrip(b"\0")
        if not body:
            return bytes(unpacked)
    raise RefusedRequestError(400, "invalid_gzip", "The packed body has too many parts.")


class _Reader:
    """Reads one text. Flaws are noted and not raised, so that the end of a flawed event is still found."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_ascii = text.isascii()
        self.flaws: list[str] = []
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._float,
            parse_constant=self._constant,
        )

    def envelope(self, start: int, key: str) -> Envelope:
        """An object: its items are judged one by one, anything wrong around them refuses the whole."""
        envelope = Envelope(None)
        position = self._expect("{", start)
        while not self.text.startswith("}", position):
            name, position = self._key(position)
            if name in envelope.fields:
                raise _refused("duplicate_key")
            if name == key and self.text.startswith("[", position):
                envelope.items, position = self.items(position)
                envelope.fields[name] = None
            else:
                envelope.fields[name], position = self._sound_value(position)
            position = self._separator(position, "}")
        self.expect_end(position + 1)
        return envelope

    def items(self, start: int) -> tuple[list[Item], int]:
        """The items of the list at `start`, and where it ends."""
        items: list[Item] = []
        position = self._expect("[", start)
        while not self.text.startswith("]", position):
            if len(items) == MOST_EVENTS:
                raise RefusedRequestError(413, "too_many_events", f"A request may have {MOST_EVENTS} events.")
            item, position = self.item(position)
            items.append(item)
            position = self._separator(position, "]")
        return items, position + 1

    def item(self, start: int) -> tuple[Item, int]:
        try:
            value, end = self.decoder.raw_decode(self.text, start)
        except (ValueError, RecursionError) as error:
            self.flaws.clear()
            flaw = "too_deep" if isinstance(error, RecursionError) else "invalid_json"
            return Item({}, (flaw, FLAWS[flaw])), self._skip(start)
        flaw = self._flaw(value, start, end)
        if flaw:
            self.flaws.clear()
            return Item({}, (flaw, FLAWS[flaw])), end
        return Item(value), end

    def blank(self, position: int) -> int:
        return BLANK.match(self.text, position).end()  # type: ignore[union-attr]

    def expect_end(self, position: int) -> None:
        if self.blank(position) != len(self.text):
            raise invalid_json()

    def _flaw(self, value: object, start: int, end: int) -> str:
        text = self.text
        if (end - start if self.is_ascii else _bytes(text[start:end])) > LARGEST_EVENT:
            return "too_large"
        if self.flaws:
            return self.flaws[0]
        if not isinstance(value, dict):
            return "not_an_object"
        if text.count("{", start, end) + text.count("[", start, end) > DEEPEST and not _is_within(value, DEEPEST):
            return "too_deep"
        if (not self.is_ascii or text.find("\\u", start, end) >= 0) and not _is_clean(value):
            return "invalid_text"
        return ""

    def _sound_value(self, start: int) -> tuple[Any, int]:
        try:
            value, end = self.decoder.raw_decode(self.text, start)
        except RecursionError as error:
            raise _refused("too_deep") from error
        except ValueError as error:
            raise invalid_json() from error
        if self.flaws:
            raise _refused(self.flaws[0])
        if not _is_within(value, DEEPEST - 1):
            raise _refused("too_deep")
        if not _is_clean(value):
            raise _refused("invalid_text")
        return value, end

    def _key(self, start: int) -> tuple[str, int]:
        position = self._expect('"', start)
        try:
            name, end = scanstring(self.text, position)
        except ValueError as error:
            raise invalid_json() from error
        return name, self._expect(":", self.blank(end))

    def _separator(self, position: int, closing: str) -> int:
        """Past the comma, or at the closing bracket; a comma before the bracket is no JSON."""
        position = self.blank(position)
        if self.text.startswith(closing, position):
            return position
        position = self._expect(",", position)
        if self.text.startswith(closing, position):
            raise invalid_json()
        return position

    def _expect(self, sign: str, position: int) -> int:
        if not self.text.startswith(sign, position):
            raise invalid_json()
        # What follows an opening quote belongs to the text.
        return position + 1 if sign == '"' else self.blank(position + 1)

    def _skip(self, start: int) -> int:
        """Where the broken value ends by its brackets; refuses the whole when that cannot be told."""
        depth = 0
        for match in BRACKETS_AND_STRINGS.finditer(self.text, start):
            sign = match.group()
            if match.start() > start and depth == 0:
                break
            if sign[0] == '"' and not match.group(1):
                break
            depth += (sign in "[{") - (sign in "]}")
            if depth == 0:
                return match.end()
        raise invalid_json()

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            self.flaws.append("duplicate_key")
        return found

    def _integer(self, text: str) -> int:
        if len(text) <= LONGEST_NUMBER:
            return int(text)
        self.flaws.append("number_out_of_range")
        return 0

    def _float(self, text: str) -> float:
        exponent = text.lower().partition("e")[2]
        value = float(text)
        if len(text) > LONGEST_NUMBER or isinf(value) or (exponent and abs(int(exponent)) > LARGEST_EXPONENT):
            self.flaws.append("number_out_of_range")
        return value

    def _constant(self, text: str) -> None:
        self.flaws.append("not_a_number")


def invalid_json() -> RefusedRequestError:
    return RefusedRequestError(400, "invalid_json", "The body is no valid JSON.")


def _refused(flaw: str) -> RefusedRequestError:
    return RefusedRequestError(400, flaw, FLAWS[flaw])


def _bytes(text: str) -> int:
    return len(text.encode(errors="surrogateescape"))


def _is_within(value: object, depth: int) -> bool:
    """Whether it is nested to this depth at most. Looks no deeper, so that depth costs nothing."""
    if isinstance(value, dict):
        return depth > 0 and all(_is_within(part, depth - 1) for part in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_is_within(part, depth - 1) for part in value)
    return True


def _is_clean(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or not LONE_SURROGATE.search(value))
    if isinstance(value, dict):
        return all(map(_is_clean, value)) and all(map(_is_clean, value.values()))
    if isinstance(value, list):
        return all(map(_is_clean, value))
    return True
