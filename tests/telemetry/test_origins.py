import json
from typing import Any

import pytest
from django.test import Client as Browser

from accounts.api_keys import NewKey
from accounts.models import ApiKey, Organization
from accounts.tenancy import organization_scope
from tests.telemetry.sending import post, stored, track

PAGE = "https://app.example.com"


def allow(organization: Organization, *origins: str) -> None:
    with organization_scope(organization.pk):
        ApiKey.objects.update(allowed_origins=list(origins))


@pytest.mark.parametrize("path", ["/v1/t", "/v1/b", "/beacon/v1/batch", "/api/v1/events", "/sourceConfig/"])
def test_a_preflight_lists_what_was_asked_for(path: str) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "anonymousid,authorization,sentat,x-retry-count",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = Browser().options(path, headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    told = {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}
    assert told == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS" if "source" in path else "POST, OPTIONS",
        "Access-Control-Allow-Headers": asked["Access-Control-Request-Headers"],
        "Access-Control-Allow-Private-Network": "true",
        "Access-Control-Max-Age": "7200",
        "Access-Control-Expose-Headers": "Retry-After",
    }


@pytest.mark.parametrize("allowed", [[], [PAGE], ["https://other.example.com", PAGE]])
def test_a_page_that_may_send_reads_its_answer(
    allowed: list[str], organization: Organization, write_key: NewKey
) -> None:
    allow(organization, *allowed)
    answer = post("/v1/t", track(), write_key, Origin=PAGE)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"], answer["Vary"]) == (200, PAGE, "Origin")


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://app.example.com", "null", PAGE + ".evil.com"])
def test_another_page_is_refused(origin: str, organization: Organization, write_key: NewKey) -> None:
    post("/v1/t", track(messageId="1"), write_key, Origin=origin)
    # A change of the list counts at once, for a key that was used before too.
    allow(organization, PAGE)
    answer = post("/v1/t", track(messageId="2"), write_key, Origin=origin)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "origin_not_allowed")
    assert stored(organization, "message_id") == ["1"]


def test_a_program_has_no_origin(organization: Organization, write_key: NewKey) -> None:
    allow(organization, PAGE)
    answer = post("/v1/t", track(), write_key)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer


def test_errors_can_be_read_by_the_page(db: None) -> None:
    answer = post("/v1/t?writeKey=wrong", track(), None, Origin=PAGE)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (401, PAGE)


def test_analytics_js_is_told_where_to_send(write_key: NewKey) -> None:
    answer = Browser().get(f"/v1/projects/{write_key.secret}/settings", headers={"Origin": PAGE})
    settings: Any = json.loads(answer.content)
    assert settings["integrations"]["Segment.io"]["apiHost"] == "testserver/v1"
    assert settings["integrations"]["Segment.io"]["apiKey"] == write_key.secret
    assert settings["integrations"]["Segment.io"]["protocol"] == "http"
    assert answer["Access-Control-Allow-Origin"] == PAGE


def test_rudderstack_gets_a_source_that_is_enabled(write_key: NewKey) -> None:
    answer = Browser().get(f"/sourceConfig/?p=npm&writeKey={write_key.secret}")
    source = json.loads(answer.content)["source"]
    assert (source["enabled"], source["destinations"], source["id"]) == (True, [], str(write_key.key.pk))


@pytest.mark.parametrize("path", ["/v1/projects/wrong/settings", "/sourceConfig/?writeKey=wrong", "/sourceConfig"])
def test_settings_need_a_write_key(path: str, secret_key: NewKey) -> None:
    assert Browser().get(path).status_code == 401
    assert Browser().get(path.replace("wrong", secret_key.secret)).status_code == 401
