"""What no honest sender sends, by kind: as one event's JSON, and as a whole body."""

import gzip
import json
import zlib
from functools import cache
from typing import Any

GOOD = b'{"type": "track", "event": "login", "name": "login", "userId": "good", "clientId": "good"}'


def _event(**fields: Any) -> bytes:
    told = {"type": "track", "event": "x", "name": "x", "userId": "u", "clientId": "u", "previousId": "p"} | fields
    return json.dumps(told).encode()


def _raw(fields: bytes) -> bytes:
    return _event()[:-1] + b", " + fields + b"}"


# Each is one event of a batch whose other events are good.
EVENTS: dict[str, bytes] = {
    "deep arrays": _raw(b'"data": ' + b"[" * 900 + b"]" * 900),
    "deeper arrays": _raw(b'"data": ' + b"[" * 15_000 + b"]" * 15_000),
    "deep objects": _raw(b'"properties": ' + b'{"a":' * 3_000 + b"1" + b"}" * 3_000),
    "escaped NUL": _raw(b'"properties": {"a": "\\u0000"}'),
    "escaped NUL in a key": _raw(b'"properties": {"\\u0000": 1}'),
    "escaped NUL in the user": _event(userId="\0", clientId="\0"),
    "raw NUL": _raw(b'"properties": {"a": "\0"}'),
    "raw control character": _raw(b'"properties": {"a": "\x1b"}'),
    "lone high surrogate": _raw(b'"properties": {"a": "\\ud800"}'),
    "lone low surrogate": _raw(b'"event": "\\udc00", "properties": {}'),
    "surrogates in the wrong order": _raw(b'"properties": {"a": "\\udc00\\ud800"}'),
    "surrogate in a trait": _raw(b'"traits": {"email": "\\udfff"}'),
    "not UTF-8": _raw(b'"properties": {"a": "\xff\xfe"}'),
    "overlong UTF-8": _raw(b'"properties": {"a": "\xc0\x80"}'),
    "surrogate as UTF-8": _raw(b'"properties": {"a": "\xed\xa0\x80"}'),
    "Latin-1": _raw('"properties": {"a": "é"}'.encode("latin-1")),
    "NaN": _raw(b'"properties": {"a": NaN}'),
    "Infinity": _raw(b'"properties": {"a": -Infinity}'),
    "huge integer": _raw(b'"properties": {"a": ' + b"9" * 5_000 + b"}"),
    "integer of 64 bits and one": _raw(b'"properties": {"a": 18446744073709551617}'),
    "huge exponent": _raw(b'"properties": {"a": 1e400000}'),
    "tiny exponent": _raw(b'"properties": {"a": 1e-400000}'),
    "endless fraction": _raw(b'"properties": {"a": 0.' + b"1" * 20_000 + b"}"),
    "duplicate key": _raw(b'"properties": {"a": 1, "a": 2}'),
    "duplicate message id key": _raw(b'"messageId": "a", "messageId": "b"'),
    "year 1": _event(timestamp="0001-01-01T00:00:00Z", occurredAt="0001-01-01T00:00:00Z"),
    "year 1 before Greenwich": _event(timestamp="0001-01-01T00:00:00+14:00", occurredAt="0001-01-01T00:00:00+14:00"),
    "year 9999": _event(timestamp="9999-12-31T23:59:59Z", occurredAt="9999-12-31T23:59:59Z"),
    "year 9999 after Greenwich": _event(timestamp="9999-12-31T23:59:59-14:00", occurredAt="9999-12-31T23:59:59-14:00"),
    "year 10000": _event(timestamp="10000-01-01T00:00:00Z", occurredAt="10000-01-01T00:00:00Z"),
    "times at both ends": _event(timestamp="1970-01-01T00:00:00Z", occurredAt="1970-01-01", sentAt="9999-12-31"),
    "time as an object": _event(timestamp={"a": 1}, occurredAt={"a": 1}, sentAt=[1]),
    "time beyond all times": _event(timestamp=1e300, occurredAt=-1e300, sentAt=10**90),
    "second 60": _event(timestamp="2026-11-18T12:00:60Z", occurredAt="2026-11-18T12:00:60Z"),
    "user as an object": _event(userId={"$ne": None}, clientId={"$ne": None}),
    "user as a list": _event(userId=["a"], clientId=["a"]),
    "user of a thousand letters": _event(userId="u" * 1_000, clientId="u" * 1_000),
    "user of spaces": _event(userId="   ", clientId="   "),
    "negative zero": _event(userId=-0.0, clientId=-0.0),
    "quotes and comments": _event(userId="'; DROP TABLE telemetry_event; --", clientId="%s %(a)s {} $1 \\"),
    "no name": _event(event=None, name=None),
    "name of a megabyte's share": _event(event="n" * 30_000, name="n" * 30_000),
    "name as a number": _event(event=1, name=1, type=1),
    "name of invisible letters": _event(event="\u200b\u202e\ufeff", name="\u200b\u202e\ufeff"),
    "properties as a list": _event(properties=[1], data=[1]),
    "properties as text": _event(properties="p", data="p"),
    "context as text": _event(context="c"),
    "context of nonsense": _event(context={"page": [1], "traits": 3, "sessionId": {}, "ip": []}),
    "traits as a list": _event(traits=[1]),
    "trait with a long name": _event(traits={"k" * 300: 1}),
    "sign-up date of nonsense": _event(traits={"createdAt": "9999-99-99T99:99:99Z", "email": 3, "name": ["a"]}),
    "message id of a thousand letters": _event(messageId="m" * 1_000),
    "message id as an object": _event(messageId={}),
    "duration that is none": _event(properties={"durationSeconds": -1e308}, durationSeconds="long"),
    "duration of ages": _event(properties={"durationSeconds": 1e300}, durationSeconds=1e300),
    "success that is none": _event(properties={"success": "yes"}, success="yes"),
    "path that is none": _event(properties={"path": "//[::1", "url": "http://[bad"}, path={"a": 1}),
    "type unknown": _event(type="teleport", name=None, event=None),
    "over the size of an event": _event(properties={"a": "x" * 33_000}, data={"a": "x" * 33_000}),
    "a thousand keys": _event(properties={str(n): n for n in range(1_000)}, data={}),
    "a number": b"1",
    "a text": b'"event"',
    "null": b"null",
    "a list": b"[[]]",
    "an empty object": b"{}",
    "single quotes": b"{'a': 1}",
    "broken escape": _raw(b'"properties": {"a": "\\x41"}'),
    "half an escape": _raw(b'"properties": {"a": "\\u12"}'),
    "leading zero": _raw(b'"properties": {"a": 0123}'),
    "undefined": _raw(b'"properties": {"a": undefined}'),
}


@cache
def bodies() -> dict[str, bytes]:
    """Each is a whole body. Made when asked for: to compress the bombs takes longer than to load everything else."""
    return {
        "nothing": b"",
        "spaces": b"   ",
        "NUL bytes": b"\0" * 100,
        "random bytes": bytes(range(256)),
        "UTF-16": json.dumps([{}]).encode("utf-16"),
        "UTF-32": json.dumps([{}]).encode("utf-32"),
        "UTF-7": b"+AFsAXQ-",
        "a form": b"event=login&userId=u",
        "multipart": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
        "XML": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "half an object": b'{"batch": [{"type": "track"',
        "half a text": b'{"batch": ["',
        "brackets for ever": b"[" * 500_000,
        "objects for ever": b'{"a":' * 100_000,
        "unfinished texts": b'{"batch": [{' + b'"\\' * 200_000,
        "two bodies": b'{"batch": []}{"batch": []}',
        "comma at the end": b'{"batch": [{},]}',
        "batch as an object": b'{"batch": {}, "events": {}}',
        "batch of null": b'{"batch": null, "events": null}',
        "batch twice": b'{"batch": [], "batch": [], "events": [], "events": []}',
        "a context without an end": b'{"context": ' + b"[" * 5_000 + b"]" * 5_000 + b', "batch": [], "events": []}',
        "a key of the wrong kind": b'{"writeKey": {"a": 1}, "batch": [], "events": []}',
        "a number": b"1",
        "true": b"true",
        "a byte over the size": b" " * (500 * 1_024 + 1),
        "an event too many": json.dumps([{}] * 1_001).encode(),
        "a bomb": gzip.compress(b"0" * 50_000_000, 1),
        "a bomb of zlib": zlib.compress(b"0" * 50_000_000, 1),
        "a bomb in a bomb": gzip.compress(gzip.compress(b"0" * 50_000_000)),
        "half a gzip": gzip.compress(GOOD)[:-9],
        "gzip with garbage": gzip.compress(GOOD) + b"garbage",
        "gzip of many members": gzip.compress(b" ") * 5_000,
        "gzip with a wrong sum": gzip.compress(GOOD)[:-8] + b"\0" * 8,
        "the magic of gzip": b"\x1f\x8b",
        "the magic of zstd": b"\x28\xb5\x2f\xfd garbage",
        "Brotli": b"\x1b\x0f\x00\xf8\x25\xe2\x92\x80",
    }
