"""Whatever is sent: no answer is a 5xx, and the good events of the same batch are kept."""

import json
from typing import Any

import pytest

from accounts.api_keys import NewKey
from accounts.models import Organization
from tests.telemetry.poison import EVENTS, GOOD, bodies
from tests.telemetry.sending import post, stored

pytestmark = pytest.mark.usefixtures("client_of_acme")

BATCHES = {"/v1/batch": b'{"batch": [%s]}', "/beacon/v1/batch": b'{"batch": [%s]}', "/api/v1/events": b"[%s]"}
SINGLES = ["/v1/track", "/v1/p", "/v1/screen/", "/v1/i", "/v1/group", "/v1/a", "/api/v1/events"]


@pytest.mark.parametrize("path", BATCHES)
def test_the_good_events_of_a_poisoned_batch_are_kept(path: str, organization: Organization, write_key: NewKey) -> None:
    for kind, bad in EVENTS.items():
        before = len(stored(organization, "id"))
        answer = post(path, BATCHES[path] % b", ".join([GOOD, bad, GOOD]), write_key)
        assert answer.status_code == 200, (kind, answer.content)
        body = json.loads(answer.content)
        outcome = (body["accepted"], body["quarantined"], [rejection["index"] for rejection in body["rejected"]])
        assert outcome in [(3, 0, []), (2, 1, []), (2, 0, [1])], (kind, body)
        assert len(stored(organization, "id")) == before + body["accepted"], kind


@pytest.mark.parametrize("path", SINGLES)
def test_a_poisoned_event_alone_is_refused_or_taken(path: str, organization: Organization, write_key: NewKey) -> None:
    for kind, bad in EVENTS.items():
        answer = post(path, bad, write_key)
        assert answer.status_code in (200, 400), (kind, answer.content)
        assert_it_says_why(kind, answer)


@pytest.mark.parametrize("path", [*BATCHES, *SINGLES[:-1]])
def test_a_poisoned_body_is_refused(path: str, organization: Organization, write_key: NewKey) -> None:
    for kind, body in bodies().items():
        answer = post(path, body, write_key)
        assert answer.status_code in (200, 400, 413), (kind, answer.content)
        assert_it_says_why(kind, answer)
    assert stored(organization, "id") == []


def assert_it_says_why(kind: str, answer: Any) -> None:
    body = json.loads(answer.content)
    if answer.status_code == 200:
        assert body["success"] is True, kind
    else:
        assert answer["Content-Type"] == "application/problem+json", kind
        assert body["code"], kind
        assert body["message"], kind


def test_the_corpus_is_large_enough() -> None:
    assert len(EVENTS) + len(bodies()) >= 100
