import gzip
import json
import zlib
from typing import Any

import pytest

from telemetry.gate import (
    DEEPEST,
    LARGEST_BODY,
    LARGEST_EVENT,
    MOST_EVENTS,
    MOST_GZIP_MEMBERS,
    RefusedRequestError,
    decode_body,
    read_many,
    read_one,
)


def refusal(of: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(RefusedRequestError) as refused:
        of(*arguments, **named)
    return refused.value.status, refused.value.code


def flaws(text: str) -> list[str]:
    """The flaw of each event of a batch, empty for those that are let in."""
    items = read_many(text, key="batch").items
    assert items is not None
    return [item.flaw[0] if item.flaw else "" for item in items]


def nested(depth: int) -> Any:
    return {} if depth == 1 else {"a": nested(depth - 1)}


def test_decode_body_reads_plain_and_packed_text() -> None:
    text = '{"batch": []}'
    packed = [text.encode(), gzip.compress(text.encode()), zlib.compress(text.encode())]
    assert [decode_body(body) for body in packed] == [text] * 3


def test_decode_body_joins_the_members_of_a_gzip() -> None:
    assert decode_body(gzip.compress(b'{"batch"') + gzip.compress(b": []}") + b"\0\0") == '{"batch": []}'


def test_decode_body_drops_a_byte_order_mark() -> None:
    assert decode_body(b"\xef\xbb\xbf[]") == "[]"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress])
def test_decode_body_takes_the_largest_body_and_not_one_byte_more(pack: Any) -> None:
    assert len(decode_body(pack(b" " * LARGEST_BODY))) == LARGEST_BODY
    assert refusal(decode_body, pack(b" " * (LARGEST_BODY + 1))) == (413, "body_too_large")


def test_decode_body_stops_at_the_cap_of_a_bomb() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(b"0" * 1_000_000) for _ in range(100)) + bomb.flush()
    assert refusal(decode_body, packed) == (413, "body_too_large")


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"[]")[:-4],
        gzip.compress(b"[]") + b"garbage",
        b"\x1f\x8bgarbage",
        gzip.compress(b" ") * (MOST_GZIP_MEMBERS + 1),
    ],
    ids=["truncated", "trailing garbage", "magic only", "many members"],
)
def test_decode_body_refuses_broken_gzip(body: bytes) -> None:
    assert refusal(decode_body, body) == (400, "invalid_gzip")


def test_read_many_takes_a_list_or_an_object_with_the_list() -> None:
    bare, around = (
        read_many(' [{"a": 1}] ', key="batch"),
        read_many('{"batch": [{"a": 1}], "sentAt": "x"}', key="batch"),
    )
    assert (bare.items, bare.fields) == (around.items, {})
    assert around.fields == {"batch": None, "sentAt": "x"}


def test_read_many_without_the_list_has_no_items() -> None:
    assert read_many('{"batch": {}}', key="batch").items is None


@pytest.mark.parametrize(
    ("bad", "flaw"),
    [
        ('{"a": NaN}', "not_a_number"),
        ('{"a": -Infinity}', "not_a_number"),
        ('{"a": 1, "a": 2}', "duplicate_key"),
        ('{"a": {"b": 1, "b": 1}}', "duplicate_key"),
        ('{"a": 1e400}', "number_out_of_range"),
        ('{"a": 1e-400000}', "number_out_of_range"),
        ('{"a": ' + "9" * 101 + "}", "number_out_of_range"),
        ('{"a": ' + "9" * 10_000 + "}", "number_out_of_range"),
        ('{"a": "\\u0000"}', "invalid_text"),
        ('{"\\u0000": 1}', "invalid_text"),
        ('{"a": ["\\ud800"]}', "invalid_text"),
        ('{"a": "\\udc00\\ud800"}', "invalid_text"),
        (json.dumps(nested(DEEPEST + 1)), "too_deep"),
        ('{"a": ' + "[" * 20_000 + "]" * 20_000 + "}", "too_deep"),
        ('{"a": ' + "[" * 10_000 + "]" * 10_000 + "}", "too_deep"),
        ('{"a": "\n"}', "invalid_json"),
        ('{"a": "\\x"}', "invalid_json"),
        ('{"a": 01}', "invalid_json"),
        ("{'a': 1}", "invalid_json"),
        ('{"a": undefined}', "invalid_json"),
        ("[1]", "not_an_object"),
        ("3", "not_an_object"),
        ("null", "not_an_object"),
    ],
)
def test_a_bad_event_costs_only_itself(bad: str, flaw: str) -> None:
    assert flaws(f'{{"batch": [{{"a": 1}}, {bad}, {{"a": 2}}]}}') == ["", flaw, ""]


def test_bytes_that_are_not_utf8_cost_their_event() -> None:
    assert flaws(decode_body(b'{"batch": [{"a": "\xff"}, {"a": "\xc3\xa9"}]}')) == ["invalid_text", ""]


@pytest.mark.parametrize("value", ['"\\\\u0000"', '"\\ud83d\\ude00"', '"é"', "1e308", "9" * 100, '"\\u00e9"'])
def test_what_only_looks_bad_is_let_in(value: str) -> None:
    assert flaws(f'{{"batch": [{{"a": {value}}}]}}') == [""]


def test_an_event_has_at_most_the_largest_size_in_bytes() -> None:
    ascii_event, accented = ('{"a": "' + letter * (LARGEST_EVENT - 9) + '"}' for letter in "xé")
    assert flaws(f"[{ascii_event}, {ascii_event[:-1]} }}, {accented}]") == ["", "too_large", "too_large"]


def test_an_event_is_nested_at_most_to_the_deepest() -> None:
    assert flaws(json.dumps([nested(DEEPEST), nested(DEEPEST + 1)])) == ["", "too_deep"]


def test_a_request_has_at_most_the_most_events() -> None:
    assert flaws(json.dumps([{}] * MOST_EVENTS)) == [""] * MOST_EVENTS
    assert refusal(read_many, json.dumps([{}] * (MOST_EVENTS + 1)), key="batch") == (413, "too_many_events")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[",
        "[{}",
        "[{}] x",
        "[{},]",
        "[{} {}]",
        '{"batch": [{}],}',
        '{"batch" [{}]}',
        '{"batch": [{"a": }',
        "{batch: []}",
        '"text"',
        "\x00",
        "[tru, {}]",
        '{"a": tru}',
        '[{"a": "]',
    ],
)
def test_a_text_that_is_no_json_is_refused(text: str) -> None:
    assert refusal(read_many, text, key="batch") == (400, "invalid_json")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"batch": [], "batch": []}', "duplicate_key"),
        ('{"context": {"a": 1, "a": 2}, "batch": []}', "duplicate_key"),
        ('{"sentAt": NaN, "batch": []}', "not_a_number"),
        ('{"sentAt": "\\u0000", "batch": []}', "invalid_text"),
        ('{"context": ' + "[" * 20 + "]" * 20 + ', "batch": []}', "too_deep"),
        ('{"context": ' + "[" * 20_000 + "]" * 20_000 + ', "batch": []}', "too_deep"),
    ],
)
def test_what_is_wrong_around_the_events_refuses_the_whole(text: str, code: str) -> None:
    assert refusal(read_many, text, key="batch") == (400, code)


def test_read_one_is_one_event_and_nothing_after_it() -> None:
    assert [item.value for item in read_one(' {"a": 1} ').items or []] == [{"a": 1}]
    assert refusal(read_one, '{"a": 1} {}') == (400, "invalid_json")
