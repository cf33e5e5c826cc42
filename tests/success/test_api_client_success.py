import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from time_machine import travel

from accounts.api_keys import NewKey
from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.models import Insight, Score
from telemetry.models import DailyActivity, Event
from tests.factories import ClientFactory, UserFactory
from tests.sessions import sign_in
from tests.success.scored_clients import add_activity, add_score

URL = "/api/client/success"
MONDAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)
# It is 23:30 of the same day in Berlin.
TODAY = MONDAY
AWAY = "user-of-another"


@pytest.fixture
def key(secret_key: NewKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret_key.secret}"}


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


def get(browser: Browser, client_id: str, **options: Any) -> Any:
    return settled(browser.get(URL, {"clientId": client_id}, **options))


def send(browser: Browser, method: str, body: Any, **options: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    return settled(browser.generic(method, URL, data, content_type="application/json", **options))


def settled(response: Any) -> Any:
    """A refusal before there is a scope marks the transaction of the test itself."""
    if connection.in_atomic_block:
        transaction.set_rollback(False)
    return response


def test_a_secret_key_reads_a_clients_success(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    add_score(client_of_acme, period_end=MONDAY - timedelta(days=7), overall=50)
    add_score(client_of_acme, period_end=MONDAY)
    add_activity(client_of_acme, {TODAY: 3, TODAY - timedelta(days=29): 2, TODAY - timedelta(days=30): 9})
    response = get(browser, "user-1", headers=key)
    assert response.status_code == 200
    body = response.json()
    assert body["score"] == {
        "overall": 55,
        "band": "attention",
        "trend": "rising",
        "change": 5,
        "coverage": 85,
        "periodEnd": "2026-11-16",
        "policyVersion": 1,
        "components": {
            "engagement": {
                "value": 46.5,
                "weight": 25,
                "measured": True,
                "inputs": {"activeDays": 12, "events": 50, "highValueEvents": 5, "ageDays": 200, "hasEvents": True},
            },
            "activation": {
                "value": 80.0,
                "weight": 20,
                "measured": True,
                "inputs": {"onboardingTasks": 4, "onboardingDone": 3, "launchKitViewed": True},
            },
            "progress": {
                "value": 37.5,
                "weight": 25,
                "measured": True,
                "inputs": {"contentGenerated": 4, "visualsCreated": 2, "ageDays": 200, "hasEvents": True},
            },
            "satisfaction": {"value": None, "weight": 15, "measured": False, "inputs": {"answers": 0, "points": 0}},
            "momentum": {
                "value": 66.67,
                "weight": 15,
                "measured": True,
                "inputs": {"eventsWeek": 12, "eventsWeekBefore": 8, "ageDays": 200},
            },
        },
    }
    assert body["insights"] == []
    heatmap = body["heatmap"]
    assert [heatmap[0], heatmap[1], heatmap[-1]] == [
        {"date": "2026-10-18", "count": 2},
        {"date": "2026-10-19", "count": 0},
        {"date": "2026-11-16", "count": 3},
    ]
    assert len(heatmap) == 30


def test_a_client_without_a_score_has_none(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    assert get(browser, "user-1", headers=key).json()["score"] is None


def test_a_score_without_a_band_says_so(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    add_score(client_of_acme, band="", coverage=15)
    assert get(browser, "user-1", headers=key).json()["score"]["band"] is None


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_missing_and_foreign_clients_are_answered_alike(
    browser: Browser, key: dict[str, str], client_of_acme: Client, outsider: Organization, method: str
) -> None:
    with organization_scope(outsider.pk):
        Client.objects.create(organization=outsider, external_id=AWAY)

    def ask(client_id: str) -> Any:
        if method == "GET":
            return get(browser, client_id, headers=key)
        body = {"clientId": client_id, "action": "track-event", "eventType": "login"}
        return send(browser, method, body, headers=key)

    missing, foreign = ask("nobody"), ask(AWAY)
    assert (missing.status_code, missing.content) == (foreign.status_code, foreign.content)
    assert missing.status_code == 404
    assert missing["Content-Type"] == "application/problem+json"
    with organization_scope(outsider.pk):
        assert not Score.objects.exists()
        assert not Event.objects.exists()


def test_a_client_sees_itself_and_nobody_else(browser: Browser, client_of_acme: Client) -> None:
    with organization_scope(client_of_acme.organization_id):
        client_of_acme.user = UserFactory.create()
        client_of_acme.save()
        Client.objects.create(organization=client_of_acme.organization, external_id="neighbour")
    sign_in(browser, client_of_acme.user)
    assert get(browser, "user-1").status_code == 200
    neighbour, missing = get(browser, "neighbour"), get(browser, "nobody")
    assert (neighbour.status_code, neighbour.content) == (404, missing.content)


def test_a_clients_session_needs_the_csrf_token_to_write(client_of_acme: Client) -> None:
    with organization_scope(client_of_acme.organization_id):
        client_of_acme.user = UserFactory.create()
        client_of_acme.save()
    browser = sign_in(Browser(enforce_csrf_checks=True), client_of_acme.user)
    body = {"clientId": "user-1"}
    assert send(browser, "POST", body).status_code == 403
    browser.cookies["csrftoken"] = "a" * 32
    assert send(browser, "POST", body, headers={"X-CSRFToken": "a" * 32}).status_code == 200


def test_nobody_else_gets_in(browser: Browser, client_of_acme: Client, write_key: NewKey) -> None:
    assert get(browser, "user-1").status_code == 401
    assert get(browser, "user-1", headers={"Authorization": f"Bearer {write_key.secret}"}).status_code == 401
    sign_in(browser, UserFactory.create(is_staff=True))
    assert get(browser, "user-1").status_code == 403


def test_a_merged_client_is_answered_for_by_the_one_that_is_left(
    browser: Browser, key: dict[str, str], client_of_acme: Client
) -> None:
    with organization_scope(client_of_acme.organization_id):
        Client.objects.create(
            organization=client_of_acme.organization, external_id="former", merged_into=client_of_acme
        )
    add_score(client_of_acme, overall=77)
    assert get(browser, "former", headers=key).json()["score"]["overall"] == 77


def test_a_score_is_computed_for_today_by_default(
    browser: Browser, key: dict[str, str], client_of_acme: Client
) -> None:
    with organization_scope(client_of_acme.organization_id):
        Client.objects.update(signed_up_at=datetime(2026, 1, 1, tzinfo=UTC))
    response = send(browser, "POST", {"clientId": "user-1"}, headers=key)
    assert response.status_code == 200
    score = response.json()["score"]
    assert (score["periodEnd"], score["overall"], score["coverage"]) == ("2026-11-16", 0, 65)
    with organization_scope(client_of_acme.organization_id):
        assert list(Score.objects.values_list("period_end", "client")) == [(TODAY, client_of_acme.pk)]


def test_a_past_score_is_computed(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    with organization_scope(client_of_acme.organization_id):
        Client.objects.update(signed_up_at=datetime(2026, 1, 1, tzinfo=UTC))
    body = {"clientId": "user-1", "periodEnd": "2026-01-05"}
    assert send(browser, "POST", body, headers=key).json()["score"]["periodEnd"] == "2026-01-05"
    assert send(browser, "POST", body | {"periodEnd": "2025-12-29"}, headers=key).json() == {"score": None}


def test_the_organizations_tomorrow_cannot_be_scored(
    browser: Browser, key: dict[str, str], client_of_acme: Client
) -> None:
    response = send(browser, "POST", {"clientId": "user-1", "periodEnd": "2026-11-17"}, headers=key)
    assert (response.status_code, response.json()["code"]) == (400, "period_in_future")


def test_track_event_records_what_the_client_did(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    body = {"clientId": "user-1", "action": "track-event", "eventType": "audit_created", "eventData": {"pages": 3}}
    response = send(browser, "PATCH", body, headers=key)
    assert (response.status_code, response.json()) == (200, {"success": True})
    with organization_scope(client_of_acme.organization_id):
        assert list(Event.objects.values_list("client", "name", "base_type", "data", "occurred_at")) == [
            (client_of_acme.pk, "audit_created", "task_completed", {"pages": 3}, NOW)
        ]
        assert list(DailyActivity.objects.values_list("day", "total", "task_completed")) == [(TODAY, 1, 1)]


@pytest.mark.parametrize("data", [{}, {"eventData": None}])
def test_track_event_needs_no_data(
    browser: Browser, key: dict[str, str], client_of_acme: Client, data: dict[str, None]
) -> None:
    body = {"clientId": "user-1", "action": "track-event", "eventType": "login"}
    assert send(browser, "PATCH", body | data, headers=key).json() == {"success": True}
    with organization_scope(client_of_acme.organization_id):
        assert list(Event.objects.values_list("name", "data")) == [("login", {})]


@pytest.mark.parametrize("action", ["mark-read", "dismiss", "act"])
def test_an_unknown_insight_is_not_found(
    browser: Browser, key: dict[str, str], client_of_acme: Client, action: str
) -> None:
    body = {"clientId": "user-1", "action": action, "insightId": "17"}
    response = send(browser, "PATCH", body, headers=key)
    assert (response.status_code, response.json()["code"]) == (404, "unknown_insight")


POISON: list[Any] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"clientId": "user-1", "clientId": "user-1"}',
    b'{"clientId": NaN}',
    b'{"clientId": "user-1", "action": "\\ud800"}',
    b" " * 600_000,
    b"\x1f\x8b broken",
    {},
    {"clientId": None},
    {"clientId": ""},
    {"clientId": ["user-1"]},
    {"clientId": {"a": 1}},
    {"clientId": True},
    {"clientId": "x" * 256},
    {"clientId": "user-1\0"},
    {"clientId": 10**400},
    {"clientId": "user-1", "periodEnd": 5, "action": 5},
    {"clientId": "user-1", "periodEnd": "0001-01-01", "action": None},
    {"clientId": "user-1", "periodEnd": "9999-12-31", "action": "track-event"},
    {"clientId": "user-1", "periodEnd": "2026-02-30", "action": "fly"},
    {"clientId": "user-1", "periodEnd": "2026-11-16T00:00:00Z", "action": "mark-read"},
    {"clientId": "user-1", "periodEnd": ["2026-11-09"], "action": "mark-read", "insightId": {}},
    {"clientId": "user-1", "periodEnd": "", "action": "track-event", "eventType": ""},
    {"clientId": "user-1", "periodEnd": "x" * 9_000, "action": "track-event", "eventType": "x" * 256},
    {"clientId": "user-1", "periodEnd": "٢٠٢٦-١١-٠٩x", "action": "track-event", "eventType": 5, "eventData": {}},
    {"clientId": "user-1", "periodEnd": {}, "action": "track-event", "eventType": "login", "eventData": [1]},
    {"clientId": "user-1", "periodEnd": "-1", "action": "track-event", "eventType": "   "},
    {
        "clientId": "user-1",
        "periodEnd": "1",
        "action": "track-event",
        "eventType": "a",
        "eventData": {"a": "x" * 33_000},
    },
]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("body", POISON, ids=range(len(POISON)))
def test_poison_is_refused_with_a_problem(
    browser: Browser, key: dict[str, str], client_of_acme: Client, method: str, body: Any
) -> None:
    response = send(browser, method, body, headers=key)
    assert 400 <= response.status_code < 500, response.content[:300]
    assert response["Content-Type"] == "application/problem+json"
    assert {"code", "message"} <= response.json().keys()
    with organization_scope(client_of_acme.organization_id):
        assert not Score.objects.exists()
        assert not Event.objects.exists()


@pytest.mark.parametrize("query", ["", "clientId=", "clientId=%00", "clientId=" + "x" * 256, "clientId=%ff%fe"])
def test_poison_in_the_query_is_refused(
    browser: Browser, key: dict[str, str], client_of_acme: Client, query: str
) -> None:
    response = browser.get(f"{URL}?{query}", headers=key)
    assert 400 <= response.status_code < 500
    assert response["Content-Type"] == "application/problem+json"


def test_another_content_type_is_refused(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    response = browser.post(URL, {"clientId": "user-1"}, headers=key)
    assert response.status_code == 415


def test_reading_takes_the_same_queries_however_many_scores_there_are(
    browser: Browser, key: dict[str, str], client_of_acme: Client, django_assert_num_queries: Any
) -> None:
    get(browser, "user-1", headers=key)
    for weeks in (1, 3):
        with organization_scope(client_of_acme.organization_id):
            Score.objects.all().delete()
        for week in range(weeks):
            add_score(client_of_acme, period_end=MONDAY - timedelta(weeks=week))
        with django_assert_num_queries(13):
            get(browser, "user-1", headers=key)


@pytest.fixture
def insight(client_of_acme: Client) -> Insight:
    evidence = {"from": "2026-11-09", "to": "2026-11-15", "contentGenerated": 3, "visualsCreated": 0}
    with organization_scope(client_of_acme.organization_id):
        return Insight.objects.create(
            organization=client_of_acme.organization, client=client_of_acme, kind="achievement", period_end=MONDAY,
            created_at=NOW, expires_at=NOW + timedelta(days=28), evidence=evidence,
        )  # fmt: skip


def test_the_insights_are_those_that_the_client_is_shown(
    browser: Browser, key: dict[str, str], insight: Insight
) -> None:
    [shown] = get(browser, "user-1", headers=key).json()["insights"]
    assert shown.pop("title")
    assert shown.pop("body")
    assert shown == {
        "id": str(insight.pk),
        "type": "achievement",
        "status": "unread",
        "priority": "normal",
        "evidence": insight.evidence,
        "actionUrl": None,
        "createdAt": "2026-11-16T22:30:00Z",
    }


@pytest.mark.parametrize(("action", "statuses"), [("mark-read", ["read"]), ("act", ["acted_on"]), ("dismiss", [])])
def test_an_insight_is_acted_on(
    browser: Browser, key: dict[str, str], insight: Insight, action: str, statuses: list[str]
) -> None:
    body = {"clientId": "user-1", "action": action, "insightId": str(insight.pk)}
    for _ in range(2):
        assert send(browser, "PATCH", body, headers=key).json() == {"success": True}
    assert [shown["status"] for shown in get(browser, "user-1", headers=key).json()["insights"]] == statuses


@pytest.mark.parametrize("insight_id", ["x", "", "-1", "0", "9" * 30, "٣", "1.0"])
def test_what_is_no_insight_of_the_client_is_unknown(
    browser: Browser, key: dict[str, str], insight: Insight, insight_id: str
) -> None:
    with organization_scope(insight.organization_id):
        other = ClientFactory.create(organization=insight.organization, external_id="other")
    of_another = {"clientId": other.external_id, "action": "act", "insightId": str(insight.pk)}
    missing = {"clientId": "user-1", "action": "act", "insightId": insight_id or "17"}
    answers = [send(browser, "PATCH", body, headers=key) for body in (of_another, missing)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_session_acts_with_the_csrf_token_alone(insight: Insight) -> None:
    with organization_scope(insight.organization_id):
        user = UserFactory.create()
        Client.objects.update(user=user)
    browser = sign_in(Browser(enforce_csrf_checks=True), user)
    body = {"clientId": "user-1", "action": "mark-read", "insightId": str(insight.pk)}
    assert send(browser, "PATCH", body).status_code == 403
    token = "t" * 32
    browser.cookies["csrftoken"] = token
    assert send(browser, "PATCH", body, headers={"X-CSRFToken": token}).status_code == 200
