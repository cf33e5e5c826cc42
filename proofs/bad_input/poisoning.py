"""Which address is sent which poison, and the request as bytes: one part of it is poison, the rest as it should be."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from proofs.bad_input.addresses import Address, Encoding, Raw
from proofs.bad_input.poison import BOMB, FORMS, HEADERS, JSON_VALUES, PATHS, UNFINISHED, VALUES
from tests.telemetry.poison import EVENTS, bodies

HOST = b"Host: 127.0.0.1"
LONGEST_PATH = 12_000
CHANGES = {f"{number} bytes changed": "" for number in (1, 2, 3, 5, 8, 13, 21, 34)}
BODIES = bodies()
WHOLE_BODIES = BODIES | {"a bomb of brackets": BOMB}
# What of a request is poison, and by what kinds.
PARTS: dict[str, Mapping[str, str | bytes]] = {
    "id": VALUES, "parameter": VALUES, "field": VALUES, "every field": VALUES, "JSON": JSON_VALUES, "file": VALUES,
    "file of bytes": BODIES, "form": FORMS, "event": EVENTS, "body": WHOLE_BODIES, "packed body": WHOLE_BODIES,
    "header": HEADERS, "path": PATHS, "bytes": CHANGES,
}  # fmt: skip
EVERYWHERE = ("header", "path")


@dataclass(frozen=True)
class Asked:
    """`is_whole` is False where the server may wait for more."""

    address: Address
    kind: str
    content: bytes
    is_whole: bool = True


def parts_of(address: Address) -> Iterator[str]:
    """What of it can be poisoned."""
    yield from EVERYWHERE
    if address.ids:
        yield "id"
    if address.query:
        yield "parameter"
    if address.method not in {"GET", "DELETE"}:
        yield from ("body", "packed body", "bytes")
    if address.fields:
        yield from ("field", "every field")
        yield "JSON" if address.encoding is Encoding.JSON else "form"
    if address.encoding is Encoding.FILES:
        yield from ("file", "file of bytes")
    if address.takes_events:
        yield "event"


def planned(addresses: Sequence[Address], requests: int, *, seed: int) -> Iterator[tuple[Address, str, str]]:
    """Every kind in turn, each time to the next group's next address that has such a part."""
    chance = random.Random(seed)
    by_part: dict[str, dict[str, list[Address]]] = defaultdict(lambda: defaultdict(list))
    for address in chance.sample(addresses, len(addresses)):
        for part in parts_of(address):
            by_part[part][address.group].append(address)
    turns = {part: cycle([cycle(own) for own in groups.values()]) for part, groups in by_part.items()}
    kinds = [(part, kind) for part in by_part for kind in PARTS[part]]
    for number in range(requests):
        if number % len(kinds) == 0:
            chance.shuffle(kinds)
        part, kind = kinds[number % len(kinds)]
        yield next(next(turns[part])), part, kind


def poisoned(address: Address, part: str, kind: str, chance: random.Random) -> Asked:
    poison = PARTS[part][kind]
    content = MAKERS[part](address, poison, chance)
    is_whole = not (part == "header" and kind in UNFINISHED)
    return Asked(address, f"{part}: {kind}", content, is_whole)


def clean(address: Address) -> Asked:
    return Asked(address, "nothing", request_of(address, address.path().encode(), address.body()))


def request_of(address: Address, path: bytes, body: bytes, headers: bytes = b"") -> bytes:
    """Poisoned headers take the place of ours of the same name."""
    own = headers or (b"Content-Length: {length}" if body or address.method not in {"GET", "DELETE"} else b"")
    named = {line.partition(b":")[0].lower() for line in own.split(b"\r\n")}
    usual = [HOST, b"Content-Type: " + address.encoding.encode(), *(line.encode() for line in address.credentials)]
    lines = [line for line in usual if line.partition(b":")[0].lower() not in named]
    first = address.method.encode() + b" " + path[:LONGEST_PATH] + b" HTTP/1.1"
    own = own.replace(b"{length}", str(len(body)).encode())
    return b"\r\n".join([first, *lines, b"Connection: close", *([own] if own else [])]) + b"\r\n\r\n" + body


def _in_id(address: Address, poison: str, chance: random.Random) -> bytes:
    name = chance.choice(sorted(address.ids))
    return request_of(address, address.path(ids={name: poison}).encode(), address.body())


def _in_parameter(address: Address, poison: str, chance: random.Random) -> bytes:
    name = chance.choice(sorted(address.query))
    return request_of(address, address.path(query={name: poison}).encode(), address.body())


def _in_field(address: Address, poison: str, chance: random.Random) -> bytes:
    """Or in one of what a field holds."""
    name = chance.choice(sorted(address.fields))
    return _with_fields(address, {name: _somewhere_in(address.fields[name], poison, chance)})


def _somewhere_in(value: object, poison: object, chance: random.Random) -> object:
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(sorted(value))
        in_key = isinstance(poison, str) and chance.random() < 0.2
        return {**value, (poison if in_key else name): _somewhere_in(value[name], poison, chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        return [_somewhere_in(value[0], poison, chance), *value[1:]]
    return poison


def _in_every_field(address: Address, poison: str, chance: random.Random) -> bytes:
    return _with_fields(address, dict.fromkeys(address.fields, poison))


def _as_json(address: Address, poison: bytes, chance: random.Random) -> bytes:
    name = chance.choice(sorted(address.fields))
    return _with_fields(address, {name: _somewhere_in(address.fields[name], Raw(poison), chance)})


def _with_fields(address: Address, fields: Mapping[str, object]) -> bytes:
    return request_of(address, address.path().encode(), address.body(fields))


def _as_file(address: Address, poison: str | bytes, chance: random.Random) -> bytes:
    """As a cell, in place of the columns' names, or as the file itself."""
    if isinstance(poison, str):
        text = chance.choice([f"client,title,status\r\nproof,{poison},todo\r\n", f"{poison}\r\n1,2,3\r\n", poison])
        poison = text.encode(errors="surrogatepass")
    files = [name for name, value in address.fields.items() if isinstance(value, bytes)]
    return _with_fields(address, dict.fromkeys(files, poison))


def _as_form(address: Address, poison: bytes, chance: random.Random) -> bytes:
    headers = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}"
    return request_of(address, address.path().encode(), poison, headers)


def _as_event(address: Address, poison: bytes, chance: random.Random) -> bytes:
    """Alone, and between good ones."""
    good = address.body()
    name = next((name for name in ("batch", "events") if name in address.fields), "")
    body = b'{"' + name.encode() + b'": [' + good + b", " + poison + b"]}" if name else poison
    return request_of(address, address.path().encode(), body)


def _as_body(address: Address, poison: bytes, chance: random.Random) -> bytes:
    return request_of(address, address.path().encode(), poison)


def _as_packed_body(address: Address, poison: bytes, chance: random.Random) -> bytes:
    """Said to be packed, whether it is or not."""
    return request_of(address, address.path().encode(), poison, b"Content-Encoding: gzip\r\nContent-Length: {length}")


def _in_header(address: Address, poison: bytes, chance: random.Random) -> bytes:
    return request_of(address, address.path().encode(), address.body(), poison)


def _in_path(address: Address, poison: bytes, chance: random.Random) -> bytes:
    return request_of(address, address.path().partition("?")[0].encode() + poison, address.body())


def _in_bytes(address: Address, poison: str, chance: random.Random) -> bytes:
    """Some bytes lost, doubled or replaced."""
    content = bytearray(address.body() or b"{}")
    change: list[Callable[[int], object]] = [
        content.pop,
        lambda at: content.insert(at, chance.randrange(256)),
        lambda at: content.__setitem__(at, chance.randrange(256)),
    ]
    for _ in range(chance.randrange(1, 35)):
        if content:
            chance.choice(change)(chance.randrange(len(content)))
    return request_of(address, address.path().encode(), bytes(content))


MAKERS: dict[str, Callable[[Address, Any, random.Random], bytes]] = {
    "id": _in_id, "parameter": _in_parameter, "field": _in_field, "every field": _in_every_field, "JSON": _as_json,
    "file": _as_file, "file of bytes": _as_file, "form": _as_form, "event": _as_event, "body": _as_body,
    "packed body": _as_packed_body, "header": _in_header, "path": _in_path, "bytes": _in_bytes,
}  # fmt: skip
