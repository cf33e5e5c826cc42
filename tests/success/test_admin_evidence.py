"""From a count on the receipt in the admin to the list of what was counted."""

import random
import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from accounts.models import Client, Membership, Organization
from accounts.tenancy import organization_scope
from success.behind import events_behind
from success.models import Feedback, Score, Task
from success.receipts import COUNTED
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.success.test_behind import NOW, random_events, record, scores

EVENTS = "/admin/telemetry/event/"


@pytest.fixture
def score(organization: Organization, outsider: Organization) -> Score:
    """Of a client who has done everything that is counted; the outsider's did the same."""
    events = random_events(random.Random(3))
    record(organization, *events)
    record(outsider, *events)
    with organization_scope(organization.pk):
        client = Client.objects.get(external_id="user-1")
        for _ in range(2):
            Task.objects.create(
                organization=organization, client=client, title="Set up", is_onboarding=True, status="done",
                created_at=NOW.replace(month=10), updated_at=NOW, completed_at=NOW.replace(day=2),
            )  # fmt: skip
        Feedback.objects.create(
            organization=organization, client=client, kind="nps", rating=9, given_at=NOW.replace(day=3)
        )
        return next(score for score in scores(organization) if score.client_id == client.pk)


@pytest.fixture
def staff(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def listed(browser: Browser, address: str) -> Any:
    """The admin's list with what it has read."""
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.headers)
    return answer.context["cl"]


def links(page: str) -> dict[str, tuple[str, int]]:
    found = re.findall(r"([A-Z][\w\- ]+): <a href=\"([^\"]+)\" class=\"underline\">(\d+)</a>", page)
    return {label: (unescape(address), int(count)) for label, address, count in found}


@pytest.mark.parametrize("who", ["staff", "operator"])
def test_every_count_leads_to_as_many_rows(score: Score, staff: Browser, who: str) -> None:
    browser = staff if who == "staff" else operators_browser()
    page = browser.get(f"/admin/success/score/{score.pk}/change/").content.decode()
    found = links(page)
    assert len(found) == len(COUNTED)
    counts: dict[str, Any] = {label: listed(browser, address).result_count for label, (address, _) in found.items()}
    expected = {label: count for label, (_, count) in found.items()}
    # These two count days, and whether there was one.
    with organization_scope(score.organization_id):
        events = events_behind(score, *next(key for key in COUNTED if key[1] == "active_days")).count()
        kits = events_behind(score, *next(key for key in COUNTED if key[1] == "launch_kit")).count()
    assert counts == expected | {"Active days": events, "Launch kit viewed": kits}


def test_the_page_says_why(score: Score, staff: Browser) -> None:
    page = staff.get(f"/admin/success/score/{score.pk}/change/").content.decode()
    assert f"It is {score.overall}: " in page


def test_a_foreign_client_has_no_events(score: Score, outsider: Organization) -> None:
    elsewhere = browser_of(outsider, Membership.Role.OWNER)
    assert listed(elsewhere, f"{EVENTS}?client={score.client_id}&from=2026-01-01").result_count == 0
    assert listed(elsewhere, f"{EVENTS}?client=987654321&from=2026-01-01").result_count == 0


@pytest.mark.parametrize(
    "query",
    [
        {"client": "x"}, {"client": "9" * 30}, {"client": "\0"}, {"client": "٣"}, {"client": "-1"},
        {"from": "2026-01-01"},
        {"client": "1", "type": "nonsense"}, {"client": "1", "type": "login,\0"}, {"type": "login"},
    ],
)  # fmt: skip
def test_what_names_no_client_lists_nothing(score: Score, staff: Browser, query: dict[str, str]) -> None:
    assert listed(staff, f"{EVENTS}?{urlencode(query)}").result_count == 0


@pytest.mark.parametrize(
    "days", [{"from": "0001-01-01", "to": "9999-12-31"}, {"from": "x", "to": "2026-02-31"}, {"to": "\0"}, {}]
)
def test_days_out_of_reach_bound_nothing(score: Score, staff: Browser, days: dict[str, str]) -> None:
    rows = listed(staff, f"{EVENTS}?{urlencode({'client': score.client_id} | days)}")
    assert rows.result_count > score.events_30
    assert {row.client_id for row in rows.result_list} == {score.client_id}


def test_the_list_says_what_it_shows(score: Score, staff: Browser) -> None:
    query = urlencode({"client": score.client_id, "from": "2026-10-17", "to": "2026-11-15", "type": "login"})
    page = staff.get(f"{EVENTS}?{query}").content.decode()
    assert "user-1 · Oct. 17, 2026 – Nov. 15, 2026 · Login" in page
