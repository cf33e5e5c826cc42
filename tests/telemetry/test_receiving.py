import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client as Browser

from accounts.api_keys import NewKey, create_api_key, revoke_api_key
from accounts.models import ApiKey, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry import receiving
from tests.telemetry.sending import ANSWER, NOON, post, stored, track

LONG = ["batch", "track", "page", "screen", "identify", "group", "alias"]
MESSAGE = {"messageId": "m", "userId": "user-1", "event": "login", "groupId": "g", "previousId": "p"}


def body(answer: Any) -> Any:
    return json.loads(answer.content)


def problem(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    assert body(answer)["message"]
    return answer.status_code, body(answer)["code"]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", [*LONG, *(name[0] for name in LONG)])
def test_every_route_takes_its_call(name: str, slash: str, organization: Organization, write_key: NewKey) -> None:
    told: Any = {"batch": [{"type": "track", **MESSAGE}]} if name[0] == "b" else MESSAGE
    answer = post(f"/v1/{name}{slash}", told, write_key)
    assert (answer.status_code, body(answer)) == (200, ANSWER | {"accepted": 1})
    assert answer["Content-Type"] == "application/json"
    [call] = stored(organization, "call")
    assert call[0] == ("t" if name[0] == "b" else name[0])


def test_a_batch_reports_each_event(organization: Organization, outsider: Organization, write_key: NewKey) -> None:
    batch = [
        track(messageId="1"),
        track(messageId="1"),
        track(timestamp="soon"),
        {"type": "x"},
        3,
        track(messageId="2"),
    ]
    assert body(post("/v1/batch", {"batch": batch}, write_key)) == {
        "success": True,
        "accepted": 2,
        "duplicate": 1,
        "quarantined": 1,
        "rejected": [
            {
                "index": 3,
                "code": "type_unknown",
                "message": "type is none of track, page, screen, identify, group, alias.",
            },
            {"index": 4, "code": "not_an_object", "message": "An event is a JSON object."},
        ],
    }
    assert stored(organization, "message_id") == ["1", "2"]
    assert stored(outsider, "message_id") == []


def test_rejections_are_listed_up_to_a_cap(write_key: NewKey) -> None:
    answer = body(post("/v1/batch", {"batch": [3] * 1_000}, write_key))
    assert (len(answer["rejected"]), answer["rejectedNotListed"]) == (100, 900)


def test_an_empty_batch_is_a_success(write_key: NewKey) -> None:
    assert body(post("/v1/batch", {"batch": []}, write_key)) == ANSWER


@pytest.mark.parametrize(
    "told",
    [
        {"name": "login", "clientId": "c", "messageId": "m"},
        [{"name": "login", "clientId": "c", "messageId": "m"}],
        {"events": [{"name": "login", "clientId": "c", "messageId": "m"}], "sentAt": NOON.isoformat()},
    ],
)
def test_the_native_endpoint_takes_one_or_many(told: Any, organization: Organization, secret_key: NewKey) -> None:
    answer = post("/api/v1/events", told, secret_key)
    assert (answer.status_code, body(answer)) == (200, ANSWER | {"accepted": 1})
    assert stored(organization, "message_id", "name", "client__external_id") == [("m", "login", "c")]


@pytest.mark.parametrize("path", ["/v1/track", "/api/v1/events"])
def test_the_only_event_of_a_request_is_refused_with_its_code(path: str, write_key: NewKey) -> None:
    answer = post(path, {"userId": [], "clientId": [], "event": "x"}, write_key)
    assert answer.status_code == 400
    assert body(answer)["code"] in ("user_id_invalid", "client_id_invalid")
    assert body(answer)["index"] == 0


def test_a_batch_without_its_list_is_refused(write_key: NewKey) -> None:
    assert problem(post("/v1/batch", track(), write_key)) == (400, "batch_missing")


@pytest.mark.parametrize("label", [{"Content-Encoding": "gzip"}, {}, {"Content-Encoding": "identity"}])
def test_bytes_count_and_not_labels(label: dict[str, str], organization: Organization, write_key: NewKey) -> None:
    packed = gzip.compress(json.dumps({"batch": [track(messageId="1")]}).encode())
    plain = json.dumps({"batch": [track(messageId="2")]}).encode()
    for content in (packed, plain):
        assert body(post("/v1/batch", content, write_key, **label)) == ANSWER | {"accepted": 1}
    assert stored(organization, "message_id") == ["1", "2"]


@pytest.mark.parametrize("where", ["message", "header", "envelope"])
def test_the_time_of_sending_is_found(where: str, organization: Organization, write_key: NewKey) -> None:
    sent = (NOON + timedelta(minutes=3)).isoformat()
    told: dict[str, Any] = {"batch": [track(**({"sentAt": sent} if where == "message" else {}))]}
    if where == "envelope":
        told["sentAt"] = sent
    post("/v1/batch", told, write_key, **({"SentAt": sent} if where == "header" else {}))
    [(occurred_at, original_at, sent_at, received_at)] = stored(
        organization, "occurred_at", "original_at", "sent_at", "received_at"
    )
    assert (original_at, sent_at) == (NOON, NOON + timedelta(minutes=3))
    assert received_at - occurred_at == timedelta(minutes=3)


@pytest.mark.parametrize(
    "send",
    [
        lambda key, told: post("/v1/t", told, None, Authorization=f"Bearer {key}"),
        lambda key, told: post("/v1/t", told | {"writeKey": key}, None),
        lambda key, told: post(f"/v1/t?writeKey={key}", told, None),
        lambda key, told: post(f"/beacon/v1/batch?writeKey={key}", {"batch": [told]}, None),
        lambda key, told: post("/v1/b", {"batch": [told], "writeKey": key}, None),
    ],
)
def test_the_key_is_found_where_sdks_put_it(send: Any, organization: Organization, write_key: NewKey) -> None:
    assert send(write_key.secret, track(messageId="1")).status_code == 200
    assert stored(organization, "message_id") == ["1"]


@pytest.mark.parametrize("key", ["", "wk_unknown", "\ud800", "k" * 9_000])
def test_without_a_valid_key_nothing_is_taken(key: str, organization: Organization, write_key: NewKey) -> None:
    answer = post("/v1/b", {"batch": [track()], "writeKey": key}, None)
    assert problem(answer) in [(401, "key_invalid"), (400, "invalid_text")]
    assert not answer.get("WWW-Authenticate", "Bearer").startswith("Basic")
    assert stored(organization, "id") == []


def test_a_secret_key_does_not_send_in_the_segment_shape(secret_key: NewKey) -> None:
    assert problem(post("/v1/track", track(), secret_key)) == (401, "key_invalid")


def test_a_revoked_key_is_refused_at_once(organization: Organization, write_key: NewKey) -> None:
    assert post("/v1/track", track(messageId="1"), write_key).status_code == 200
    with organization_scope(organization.pk):
        revoke_api_key(write_key.key, revoked_by=None, at=NOON)
    assert problem(post("/v1/batch", {"batch": []}, write_key)) == (401, "key_invalid")
    assert problem(post("/v1/track", track(messageId="2"), write_key)) == (401, "key_invalid")
    assert stored(organization, "message_id") == ["1"]


@pytest.mark.parametrize("status", [status for status in Organization.Status if status != "active"])
def test_the_keys_of_a_closed_organization_are_refused(
    status: str, organization: Organization, write_key: NewKey
) -> None:
    assert post("/v1/track", track(messageId="1"), write_key).status_code == 200
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(status=status)
    assert problem(post("/v1/track", track(messageId="2"), write_key)) == (401, "key_invalid")


def test_a_key_shows_when_it_was_last_used(organization: Organization, write_key: NewKey, time_machine: Any) -> None:
    used = []
    for seconds in (0, 30, 90):
        time_machine.move_to(NOON + timedelta(seconds=seconds), tick=False)
        post("/v1/track", track(), write_key)
        with organization_scope(organization.pk):
            used.append(ApiKey.objects.get().last_used_at)
    assert used == [NOON, NOON, NOON + timedelta(seconds=90)]


def test_the_key_alone_decides_the_organization(
    organization: Organization, outsider: Organization, write_key: NewKey
) -> None:
    context = {"groupId": outsider.slug}
    told = track(groupId=str(outsider.pk), organization_id=outsider.pk, context=context, messageId="1")
    assert post("/v1/track", told, write_key).status_code == 200
    assert (stored(organization, "message_id"), stored(outsider, "message_id")) == (["1"], [])


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_other_methods_are_not_allowed(method: str, write_key: NewKey) -> None:
    answer = getattr(Browser(), method)("/v1/batch")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")


def test_too_many_requests_of_a_key_wait(write_key: NewKey, settings: Any, outsider: Organization) -> None:
    settings.INGEST_REQUESTS_PER_SECOND, settings.INGEST_REQUESTS_BURST = 0.01, 2
    receiving.requests.cache_clear()
    answers = [post("/v1/track", track(), write_key) for _ in range(3)]
    with organization_scope(outsider.pk):
        other = create_api_key(outsider, kind=ApiKey.Kind.WRITE, name="other")
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[2]) == (429, "too_many_requests")
    assert 0 < int(answers[2]["Retry-After"]) <= 100
    assert post("/v1/track", track(), other).status_code == 200


def test_too_many_wrong_keys_of_an_address_wait(settings: Any, write_key: NewKey) -> None:
    settings.INGEST_FAILURES_PER_SECOND, settings.INGEST_FAILURES_BURST = 0.01, 1
    receiving.failures.cache_clear()
    answers = [post("/v1/track?writeKey=wrong", track(), None) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert post("/v1/track", track(), write_key).status_code == 200


@pytest.fixture(autouse=True)
def _fresh_limits() -> Any:
    yield
    receiving.requests.cache_clear()
    receiving.failures.cache_clear()


def test_without_a_database_the_sender_is_asked_to_come_back(
    write_key: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*arguments: Any, **named: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(receiving, "record_events", gone)
    answer = post("/v1/track", track(), write_key)
    assert problem(answer) == (503, "unavailable")
    assert answer["Retry-After"] == "5"


def test_the_request_needs_one_statement(write_key: NewKey, django_assert_num_queries: Any) -> None:
    post("/v1/track", track(), write_key)
    # Around the recording stand the savepoint and the scope that the test's own transaction makes necessary.
    with django_assert_num_queries(5):
        post("/v1/batch", {"batch": [track() for _ in range(20)]}, write_key)


def test_large_bodies_are_refused_by_their_length_alone(write_key: NewKey) -> None:
    answer = post("/v1/batch", b"[]", write_key, **{"Content-Length": "999999999999"})
    assert problem(answer) == (413, "body_too_large")


def test_nothing_that_is_sent_opens_a_session(write_key: NewKey) -> None:
    answer = post("/v1/track", track(), write_key)
    assert not answer.cookies
    assert "Set-Cookie" not in answer
