"""What the existing SDKs send, replayed: shapes taken from real captures, one file per SDK and occasion."""

import gzip
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from accounts.api_keys import NewKey
from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from tests.telemetry.sending import days, stored

SAMPLES = {path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("samples/*.json"))}


def replay(requests: list[dict[str, Any]], key: NewKey) -> list[Any]:
    """The answer to each request that carries events."""
    answers = []
    for request in requests:
        basic = b64encode(f"{key.secret}:".encode()).decode()
        headers = {name: value.replace("{key}", basic) for name, value in request["headers"].items()}
        content = json.dumps(request.get("body", "")).replace("{key}", key.secret).encode()
        answer = Browser().generic(
            request["method"],
            request["path"].replace("{key}", key.secret),
            gzip.compress(content) if request.get("gzip") else content,
            content_type=headers.pop("Content-Type", ""),
            headers=headers,
        )
        assert answer.status_code == 200, answer.content
        if request["method"] == "POST":
            answers.append(json.loads(answer.content))
    return answers


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_capture_is_taken_once(
    sample: str, organization: Organization, outsider: Organization, write_key: NewKey
) -> None:
    bodies = [request["body"] for request in SAMPLES[sample] if request["method"] == "POST"]
    messages = {message["messageId"] for body in bodies for message in body.get("batch", [body])}
    first = replay(SAMPLES[sample], write_key)
    assert sum(answer["accepted"] for answer in first) == len(messages)
    assert set(stored(organization, "message_id")) == messages
    before = days(organization)
    for answer, body in zip(replay(SAMPLES[sample], write_key), bodies, strict=True):
        duplicates = len(body.get("batch", [body]))
        assert answer == {
            "success": True,
            "accepted": 0,
            "duplicate": duplicates,
            "quarantined": 0,
            "rejected": [],
        }
    assert days(organization) == before
    assert stored(outsider, "id") == []


def test_what_the_calls_of_an_sdk_leave_behind(organization: Organization, write_key: NewKey) -> None:
    replay(SAMPLES["segment-python.batch-all-calls"], write_key)
    assert sorted(stored(organization, "call", "name", "base_type", "page_path", "client__external_id")) == [
        ("alias", "alias", "", "", "person-7"),
        ("group", "group", "", "", "person-7"),
        ("identify", "identify", "", "", "person-7"),
        ("page", "page_view", "page_view", "/dash", "person-7"),
        ("screen", "page_view", "page_view", "", "person-7"),
        ("track", "Task Completed", "", "", "person-7"),
        ("track", "page_view", "page_view", "", None),
    ]
    with organization_scope(organization.pk):
        client = Client.objects.get()
        assert (client.email, client.signed_up_at and client.signed_up_at.date().isoformat()) == (
            "person@example.com",
            "2026-01-01",
        )


def test_an_event_that_waited_offline_keeps_its_time(organization: Organization, write_key: NewKey) -> None:
    replay(SAMPLES["segment-python.offline-1h-then-sent"], write_key)
    [(occurred_at, received_at)] = stored(organization, "occurred_at", "received_at")
    assert (received_at - occurred_at).total_seconds() == pytest.approx(3_600, abs=1)


def test_a_clock_that_is_ahead_is_corrected(organization: Organization, write_key: NewKey) -> None:
    replay(SAMPLES["segment-python.clock-2h-ahead"], write_key)
    [(occurred_at, received_at)] = stored(organization, "occurred_at", "received_at")
    assert 0 < (received_at - occurred_at).total_seconds() < 1
