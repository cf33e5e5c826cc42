"""What is asked: an address, with all of its parts as they should be, before any of them is poisoned."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode


class Encoding(StrEnum):
    JSON = "application/json"
    FORM = "application/x-www-form-urlencoded"
    FILES = "multipart/form-data; boundary=whole"


@dataclass(frozen=True)
class Address:
    """`template` names the `ids` in braces. A parameter that is None is left out unless it is what is poisoned."""

    group: str
    method: str
    template: str
    credentials: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str | None] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    encoding: Encoding = Encoding.JSON
    takes_events: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def path(self, *, ids: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None) -> str:
        """With some of its ids and parameters replaced."""
        path = self.template
        for name, value in {**self.ids, **(ids or {})}.items():
            path = path.replace(f"{{{name}}}", quoted(value))
        usual = {name: value for name, value in self.query.items() if value is not None}
        said = {**usual, **(query or {})}
        return f"{path}?{urlencode(said, errors='surrogatepass')}" if said else path

    def body(self, replaced: Mapping[str, Any] | None = None) -> bytes:
        return encoded(self.encoding, {**self.fields, **(replaced or {})})


@dataclass(frozen=True)
class Raw:
    """JSON as it stands, which `json` would not write."""

    content: bytes


def quoted(value: str) -> str:
    return quote(value.encode(errors="surrogatepass"), safe="")


def encoded(encoding: Encoding, fields: Mapping[str, Any]) -> bytes:
    if not fields:
        return b""
    if encoding is Encoding.JSON:
        return json_of(fields)
    if encoding is Encoding.FORM:
        return urlencode(fields, doseq=True, errors="surrogatepass").encode()
    return b"".join(part_of(name, value) for name, value in fields.items()) + b"--whole--\r\n"


def json_of(fields: Mapping[str, Any]) -> bytes:
    """Raw values stand for themselves, wherever they are."""
    raw: dict[str, bytes] = {}

    def stand_in(value: Any) -> str:
        token = secrets.token_hex(8)
        raw[token] = value.content
        return token

    text = json.dumps(fields, ensure_ascii=False, default=stand_in).encode(errors="surrogatepass")
    for token, content in raw.items():
        text = text.replace(f'"{token}"'.encode(), content)
    return text


def part_of(name: str, value: Any) -> bytes:
    """Of a multipart body; bytes are a file."""
    label = name.encode(errors="surrogatepass")
    file = b'; filename="rows.csv"\r\nContent-Type: text/csv' if isinstance(value, bytes) else b""
    content = value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
    return b'--whole\r\nContent-Disposition: form-data; name="' + label + b'"' + file + b"\r\n\r\n" + content + b"\r\n"
