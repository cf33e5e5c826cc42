from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from accounts.api_keys import NewKey
from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.scoring import score_clients
from tests.factories import ClientFactory
from tests.success.histories import store
from tests.success.scored_clients import add_score
from tests.success.test_scoring import BUSY, NOW

MONDAY = date(2026, 11, 16)


@pytest.fixture
def key(secret_key: NewKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret_key.secret}"}


def weekly(client: Client, weeks: int) -> None:
    for week in range(weeks):
        add_score(client, period_end=MONDAY - timedelta(weeks=week), overall=50 - week)


def test_scores_come_in_pages_newest_first(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    weekly(client_of_acme, 5)
    url = "/api/v1/clients/user-1/scores"
    pages = []
    cursor: str | None = ""
    while cursor is not None:
        page = browser.get(url, {"limit": 2} | ({"cursor": cursor} if cursor else {}), headers=key).json()
        pages.append([(score["periodEnd"], score["change"]) for score in page["results"]])
        cursor = page["next"]
    assert pages == [
        [("2026-11-16", 1), ("2026-11-09", 1)],
        [("2026-11-02", 1), ("2026-10-26", 1)],
        [("2026-10-19", None)],
    ]


@pytest.mark.parametrize("query", ["cursor=x", "cursor=0001-01-01", "cursor=%00", "limit=0", "limit=101", "limit=x"])
def test_a_page_that_cannot_be_is_refused(
    browser: Browser, key: dict[str, str], client_of_acme: Client, query: str
) -> None:
    response = browser.get(f"/api/v1/clients/user-1/scores?{query}", headers=key)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_a_score_is_explained(browser: Browser, key: dict[str, str], organization: Organization) -> None:
    store(organization, [BUSY])
    with organization_scope(organization.pk):
        for week in (1, 0):
            score_clients(organization.pk, period_end=MONDAY - timedelta(weeks=week), computed_at=NOW)
    body = browser.get("/api/v1/clients/c0/scores/2026-11-16", headers=key).json()
    assert body["score"]["overall"] == 57
    assert body["receipt"]["timezone"] == "Europe/Berlin"
    assert body["receipt"]["policy"] == {"version": 1, "isPlatformDefault": True, "effectiveOn": "1970-01-01"}
    assert body["receipt"]["windows"]["week"] == {"first": "2026-11-09", "last": "2026-11-15"}
    assert body["receipt"]["components"]["progress"] == {
        "value": 50.0,
        "weight": 25,
        "contribution": 12.5,
        "notMeasuredBecause": None,
        "parts": [
            {"name": "content", "counted": 28, "target": 8, "points": 50.0, "most": 50},
            {"name": "visuals", "counted": 0, "target": 8, "points": 0.0, "most": 50},
        ],
    }
    difference = body["difference"]
    assert (difference["from"], difference["to"]) == ("2026-11-09", "2026-11-16")
    assert round(sum(item["points"] for item in difference["items"]), 6) == difference["change"]
    assert {item["kind"] for item in difference["items"]} <= {"behaviour", "newly_measured", "rounding"}


def test_a_first_score_has_no_difference(browser: Browser, key: dict[str, str], client_of_acme: Client) -> None:
    weekly(client_of_acme, 1)
    assert browser.get("/api/v1/clients/user-1/scores/2026-11-16", headers=key).json()["difference"] is None


def test_an_external_id_may_hold_a_slash(browser: Browser, key: dict[str, str], organization: Organization) -> None:
    weekly(ClientFactory.create(organization=organization, external_id="a/b c"), 1)
    assert len(browser.get("/api/v1/clients/a%2Fb%20c/scores", headers=key).json()["results"]) == 1


@pytest.mark.parametrize("path", ["/scores", "/scores/2026-11-16"])
def test_what_is_missing_and_what_is_anothers_are_answered_alike(
    browser: Browser, key: dict[str, str], client_of_acme: Client, outsider: Organization, path: str
) -> None:
    weekly(ClientFactory.create(organization=outsider, external_id="foreign"), 1)
    foreign, missing = (browser.get(f"/api/v1/clients/{name}{path}", headers=key) for name in ("foreign", "nobody"))
    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize("day", ["x", "2026-02-30", "0001-01-01", "9999-12-31", "%00"])
def test_a_day_that_is_no_period_end_is_refused(
    browser: Browser, key: dict[str, str], client_of_acme: Client, day: str
) -> None:
    response = browser.get(f"/api/v1/clients/user-1/scores/{day}", headers=key)
    assert response.status_code in {400, 404}
    assert response["Content-Type"] == "application/problem+json"


def test_a_page_takes_the_same_queries_for_one_and_for_three(
    browser: Browser, key: dict[str, str], client_of_acme: Client, django_assert_num_queries: Any
) -> None:
    browser.get("/api/v1/clients/user-1/scores", headers=key)
    weekly(client_of_acme, 1)
    with django_assert_num_queries(11):
        browser.get("/api/v1/clients/user-1/scores", headers=key)
    other = ClientFactory.create(organization=client_of_acme.organization, external_id="other")
    weekly(other, 3)
    with django_assert_num_queries(11):
        browser.get("/api/v1/clients/other/scores", headers=key)
