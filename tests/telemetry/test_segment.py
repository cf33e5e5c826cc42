from typing import Any

import pytest

from telemetry.incoming import IncomingEvent
from telemetry.message_fields import RejectedEventError
from telemetry.segment import from_segment


def read(
    message: dict[str, Any], *, call: str | None = None, context: Any = None, sent_at: Any = None
) -> IncomingEvent:
    return from_segment({"messageId": "m", **message}, index=7, call=call, context=context or {}, sent_at=sent_at)


def rejection(message: dict[str, Any]) -> str:
    with pytest.raises(RejectedEventError) as rejected:
        read(message)
    return rejected.value.code


def test_track_is_an_event_by_its_name() -> None:
    properties = {"taskId": "t-1", "durationSeconds": 45, "success": False}
    message = {
        "type": "track",
        "event": "Task Completed",
        "userId": 42,
        "anonymousId": "anon",
        "properties": properties,
        "timestamp": "t",
        "sentAt": "s",
        "context": {"sessionId": 1795227233843, "page": {"path": "/tasks", "url": "https://x/y"}, "groupId": "g"},
    }
    assert read(message) == IncomingEvent(
        message_id="m",
        name="Task Completed",
        external_id="42",
        anonymous_id="anon",
        data=properties,
        page_path="/tasks",
        session_id="1795227233843",
        duration_seconds=45,
        success=False,
        stated_at="t",
        sent_at="s",
        index=7,
    )


@pytest.mark.parametrize("call", ["page", "screen"])
def test_page_and_screen_are_views(call: str) -> None:
    message = {
        "name": "Home",
        "category": "App",
        "userId": "u",
        "properties": {"url": "https://x/y?q#f", "name": "Own"},
    }
    assert read(message, call=call) == IncomingEvent(
        message_id="m",
        call=call,
        name="page_view",
        external_id="u",
        data={"name": "Own", "category": "App", "url": "https://x/y?q#f"},
        page_path="/y",
        index=7,
    )


def test_identify_holds_the_traits_wherever_they_stand() -> None:
    message = {"type": "identify", "userId": "u", "traits": {"b": 2}, "context": {"traits": {"a": 1, "b": 1}}}
    assert read(message) == IncomingEvent(
        message_id="m", call="identify", name="identify", external_id="u", data={"a": 1, "b": 2}, index=7
    )


def test_group_holds_its_own_traits_and_not_the_persons() -> None:
    message = {"type": "group", "userId": "u", "groupId": 9, "traits": {"n": 1}, "context": {"traits": {"email": "x"}}}
    assert read(message).data == {"groupId": "9", "traits": {"n": 1}}


@pytest.mark.parametrize("former", [{"previousId": "old"}, {"anonymousId": "old"}])
def test_alias_names_both(former: dict[str, str]) -> None:
    alias = read({"type": "alias", "userId": "new", **former})
    assert (alias.name, alias.external_id, alias.data) == ("alias", "new", {"previousId": "old"})


def test_the_envelope_fills_what_the_message_leaves_out() -> None:
    envelope = {"sessionId": "e", "page": {"path": "/e"}}
    bare = read({"type": "track", "event": "x", "userId": "u"}, context=envelope, sent_at="e")
    own = read(
        {"type": "track", "event": "x", "userId": "u", "sentAt": "m", "context": {"sessionId": "m"}},
        context=envelope,
        sent_at="e",
    )
    assert (bare.sent_at, bare.session_id, bare.page_path) == ("e", "e", "/e")
    assert (own.sent_at, own.session_id, own.page_path) == ("m", "m", "/e")


def test_the_original_timestamp_counts_before_the_timestamp() -> None:
    message = {"type": "track", "event": "x", "userId": "u", "timestamp": "t"}
    assert [read(message).stated_at, read({**message, "originalTimestamp": "o"}).stated_at] == ["t", "o"]


def test_an_operational_event_needs_nobody() -> None:
    assert read({"type": "track", "event": "api_error"}).success is False


def test_a_message_without_an_id_gets_one_of_its_own() -> None:
    first, second = (read({"type": "track", "event": "x", "userId": "u", "messageId": empty}) for empty in (None, ""))
    assert len({first.message_id, second.message_id, ""}) == 3


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"path": "/a?b#c"}, "/a"),
        ({"path": "https://x.test/a/b?c"}, "/a/b"),
        ({"url": "https://x.test"}, "/"),
        ({"url": "//x.test/a"}, "/a"),
        ({"url": "http://[bad"}, "/context"),
        ({"path": 3, "url": None}, "/context"),
        ({"path": "/" + "a" * 3_000}, "/" + "a" * 2_047),
    ],
)
def test_a_view_keeps_the_path_alone(properties: dict[str, Any], path: str) -> None:
    message = {"userId": "u", "properties": properties, "context": {"page": {"path": "/context"}}}
    assert read(message, call="page").page_path == path


def test_the_path_of_a_track_is_that_of_its_page() -> None:
    def page_path(name: str) -> str:
        return read({"type": "track", "event": name, "userId": "u", "properties": {"path": "/a"}}).page_path

    assert [page_path("File Opened"), page_path("dashboard_page_view")] == ["", "/a"]


@pytest.mark.parametrize("seconds", [-1, "45", True, None, 1_000_000_000, [1]])
def test_a_duration_that_is_none_is_left_out(seconds: Any) -> None:
    message = {"type": "track", "event": "x", "userId": "u", "properties": {"durationSeconds": seconds}}
    assert read(message).duration_seconds is None


def test_a_duration_may_be_written_with_underscores() -> None:
    message = {"type": "track", "event": "x", "userId": "u", "properties": {"duration_seconds": 1.5}}
    assert read(message).duration_seconds == 1.5


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "nonsense"}, "type_unknown"),
        ({"type": ["track"]}, "type_unknown"),
        ({}, "type_unknown"),
        ({"type": "track", "userId": "u"}, "name_missing"),
        ({"type": "track", "userId": "u", "event": " "}, "name_missing"),
        ({"type": "track", "userId": "u", "event": 3}, "name_invalid"),
        ({"type": "track", "userId": "u", "event": "x" * 256}, "name_too_long"),
        ({"type": "track", "event": "x"}, "user_missing"),
        ({"type": "track", "event": "x", "userId": "", "anonymousId": None}, "user_missing"),
        ({"type": "track", "event": "x", "userId": True}, "user_id_invalid"),
        ({"type": "track", "event": "x", "userId": 1.5}, "user_id_invalid"),
        ({"type": "track", "event": "x", "userId": {"id": 1}}, "user_id_invalid"),
        ({"type": "track", "event": "x", "userId": "u" * 256}, "user_id_too_long"),
        ({"type": "track", "event": "x", "userId": "u", "anonymousId": "a" * 256}, "anonymous_id_too_long"),
        ({"type": "track", "event": "x", "userId": "u", "messageId": "m" * 129}, "message_id_too_long"),
        ({"type": "track", "event": "x", "userId": "u", "messageId": []}, "message_id_invalid"),
        ({"type": "track", "event": "x", "userId": "u", "properties": []}, "data_invalid"),
        ({"type": "track", "event": "x", "userId": "u", "context": "c"}, "data_invalid"),
        ({"type": "identify", "userId": "u", "traits": "t"}, "data_invalid"),
        ({"type": "identify", "userId": "u", "traits": {"k" * 256: 1}}, "trait_too_long"),
        ({"type": "identify", "traits": {}}, "user_missing"),
        ({"type": "alias", "userId": "u"}, "alias_incomplete"),
        ({"type": "alias", "previousId": "p"}, "alias_incomplete"),
    ],
)
def test_what_cannot_be_an_event_is_rejected_with_its_code(message: dict[str, Any], code: str) -> None:
    assert rejection(message) == code


def test_the_longest_ids_and_names_are_taken() -> None:
    longest = read({"type": "track", "event": "e" * 255, "userId": "u" * 255, "messageId": "m" * 128})
    assert (len(longest.name), len(longest.external_id), len(longest.message_id)) == (255, 255, 128)
