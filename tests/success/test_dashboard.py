from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import ScoringPolicy
from telemetry.models import Event
from tests.factories import ClientFactory
from tests.sessions import sign_in
from tests.success.scored_clients import (
    NOW,
    PERIOD_END,
    add_activity,
    add_score,
    client_with_login,
    full_client,
    login_of,
)
from tests.success.told_clients import add_insight, add_insights, add_milestone, add_task

PAGE = "/client/dashboard/success"
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(client: Client, **headers: str) -> str:
    browser = sign_in(Browser(headers=headers), login_of(client))
    response = browser.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


def text_of(client: Client, **headers: str) -> str:
    """The page without its tags and line breaks."""
    return " ".join(strip_tags(page_of(client, **headers).replace("<", " <")).replace("\u00a0", " ").split())


def test_the_card_tells_score_band_trend_and_coverage(db: None, outsider: Organization) -> None:
    text = text_of(full_client())
    assert "55 of 100" in text
    assert "Needs attention" in text
    assert "Stable: +1 point since Jan. 5, 2026" in text
    assert "85 % of the score's weight is measured." in text


@pytest.mark.parametrize(
    ("before", "trend"),
    [(50, "↗ Rising: +5 points"), (60, "↘ Declining: −5 points"), (59, "→ Stable: −4"), (55, "→ Stable: unchanged")],
)
def test_the_trend_has_an_arrow_a_word_and_the_change(db: None, before: int, trend: str) -> None:
    client = client_with_login()
    add_score(client, period_end=date(2026, 1, 5), overall=before)
    add_score(client)
    assert trend in text_of(client)


def test_a_first_score_has_no_trend(db: None) -> None:
    client = client_with_login()
    add_score(client)
    assert "No trend yet: that needs an earlier score." in text_of(client)


def test_every_component_can_be_checked(db: None) -> None:
    client = client_with_login()
    add_score(client, satisfaction="75.00", coverage=100, overall=58, feedback_180=2, feedback_points=150)
    text = text_of(client)
    for sum_ in (
        "40 × 12/20 + 30 × 50/100 + 30 × 5/20 = 46.50",
        "80 × 3/4 + 20 = 80.00",
        "50 × 4/8 + 50 × 2/8 = 37.50",
        "150 ÷ 2 = 75.00",
        "50 + 50 × (12 − 8) ÷ 12 = 66.67",
        "5825.05 ÷ 100 = 58.25, rounded 58",
        "12/13/2025 – 01/11/2026",
        "01/05/2026 – 01/11/2026",
        "12/29/2025 – 01/04/2026",
        "07/16/2025 – 01/11/2026",
    ):
        assert sum_ in text


def test_counts_over_the_target_are_capped_in_the_sum(db: None) -> None:
    client = client_with_login()
    add_score(client, active_days_30=30, events_30=4_000_000, high_value_30=21, engagement="100.00")
    text = text_of(client)
    assert "40 × 20/20 + 30 × 100/100 + 30 × 20/20 = 100.00" in text
    assert "4,000,000" in text


def test_silence_is_no_momentum(db: None) -> None:
    client = client_with_login()
    add_score(client, events_week=0, events_week_before=0, momentum="0.00")
    assert "0 = 0.00" in text_of(client)


def test_without_onboarding_tasks_the_launch_kit_alone_counts(db: None) -> None:
    client = client_with_login()
    add_score(client, onboarding_tasks=0, onboarding_done=0, activation="100.00")
    text = text_of(client)
    assert "100 = 100.00" in text
    assert "Onboarding tasks done" not in text


def test_what_is_not_measured_says_why_and_there_is_no_band(db: None) -> None:
    client = client_with_login()
    unmeasured: dict[str, Any] = dict.fromkeys(["engagement", "progress", "satisfaction", "momentum"])
    add_score(client, overall=80, band="", coverage=20, age_days=3, has_events=False, **unmeasured)
    text = text_of(client)
    assert "No band yet" in text
    assert "20 % of the score's weight is measured. A band needs 50 %." in text
    assert text.count("You have been with us for less than 7 days.") == 2
    assert "You have been with us for less than 14 days." in text
    assert "No feedback in the last 180 days." in text


def test_too_few_events_have_no_momentum(db: None) -> None:
    client = client_with_login()
    add_score(client, events_week=2, events_week_before=2, momentum=None, coverage=70)
    assert "Under 5 activities in two weeks are too few to tell a direction." in text_of(client)


def test_nothing_measured_at_all_is_shown_as_that(db: None) -> None:
    client = client_with_login()
    everything: dict[str, Any] = dict.fromkeys(["engagement", "activation", "progress", "satisfaction", "momentum"])
    add_score(client, overall=None, band="", coverage=0, onboarding_tasks=0, launch_kit_viewed=False, **everything)
    text = text_of(client)
    assert "– not measured No band yet" in text
    assert "There are no onboarding tasks, and the launch kit has not been opened." in text
    assert "Together" not in text


def test_a_client_without_a_score_is_told_when_it_comes(db: None) -> None:
    newcomer = client_with_login()
    assert "Nothing has been recorded yet." in text_of(newcomer)
    add_activity(newcomer, {NOW.date(): 1})
    text = text_of(newcomer)
    assert "Your activity is being recorded." in text
    assert "1 activity on 1 day. The busiest was Jan. 14, 2026 with 1." in text


def test_activity_counts_the_last_thirty_days_of_the_organizations_timezone(db: None) -> None:
    client = client_with_login(organization_fields={"timezone": "Pacific/Auckland"})
    today = date(2026, 1, 14)
    add_activity(client, {today: 5, today - timedelta(days=29): 1, today - timedelta(days=30): 100})
    assert "6 activities on 2 days." in text_of(client)


def test_only_the_clients_own_rows_are_shown(db: None) -> None:
    ada = full_client(external_id="user-1")
    other = client_with_login("grace", organization=ada.organization, external_id="user-2", name="Grace Hopper")
    stranger = ClientFactory.create(external_id="user-1", name="Mallory")
    for client in (other, stranger):
        add_score(client, overall=99, band="excellent")
        add_activity(client, {NOW.date(): 999})
    text = text_of(ada)
    assert [word in text for word in ("Grace", "Mallory", "999", "Excellent")] == [False] * 4


def test_names_are_escaped(db: None) -> None:
    client = client_with_login(name="<script>alert(1)</script> 🚀 عبد")
    page = page_of(client)
    assert "<script>alert" not in page
    assert "🚀 عبد" in page


@pytest.mark.parametrize("is_simulated", [True, False])
def test_simulated_organizations_say_so(db: None, is_simulated: bool) -> None:
    client = client_with_login(organization_fields={"is_simulated": is_simulated})
    assert ("Simulated demo data" in text_of(client)) is is_simulated


def test_times_are_in_the_organizations_timezone_and_the_readers_locale(db: None) -> None:
    client = full_client()
    assert "Computed Jan. 12, 2026, 8 a.m. (Europe/Berlin)" in text_of(client)
    assert "Computed 12 Jan 2026, 8 a.m. (Europe/Berlin)" in text_of(client, accept_language="en-GB")


def test_the_page_is_for_this_reader_alone(db: None) -> None:
    browser = sign_in(Browser(), login_of(full_client()))
    assert browser.get(PAGE)["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_the_queries_are_few_and_the_same_for_much_and_little(db: None) -> None:
    """All statements of the request: session, user and scope too. The page view is recorded after its commit."""
    little = full_client(username="grace", weeks=2, external_id="user-2", signed_up_at=NOW - timedelta(days=90))
    much = full_client(
        username="ada", weeks=40, organization=little.organization, signed_up_at=NOW - timedelta(days=90)
    )
    add_insight(little)
    add_insights(much, 50)
    for number in range(200):
        add_task(much, f"Task {number}")
    for key in ("first-login", "contents-10", "visuals-10"):
        add_milestone(much, key)
    counts = [_queries(little), _queries(much)]
    assert counts[0] == counts[1] <= MOST_QUERIES


def _queries(client: Client) -> int:
    """Savepoints are the test's: it runs inside of a transaction of its own."""
    browser = sign_in(Browser(), login_of(client))
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(PAGE).content.decode()
    assert 'class="feedback' in page
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in queries)


def test_every_count_leads_to_what_was_counted(db: None) -> None:
    client = client_with_login()
    add_score(client)
    page = page_of(client)
    assert (
        '<a href="/client/dashboard/success/events?part=active_days&amp;period=2026-01-12"'
        ' aria-label="12: see what was counted, Active days">12</a>'
    ) in page
    assert page.count("/client/dashboard/success/events?part=") == 9


def test_the_newest_change_is_itemised_to_the_point(db: None) -> None:
    client = client_with_login()
    before = {"events_week": 8, "momentum": "50.00", "overall": 52, "band": "attention"}
    add_score(client, period_end=date(2026, 1, 5), **before)
    add_score(client)
    text = text_of(client)
    assert "What changed since Jan. 5, 2026" in text
    assert "Momentum What happened 50.00 66.67 +2.94 Rounding to whole points +0.06 Score 52 55 +3" in text


def test_a_changed_policy_is_told_apart_from_what_happened(db: None) -> None:
    client = client_with_login()
    add_score(client, period_end=date(2026, 1, 5))
    with all_organizations():
        policy = ScoringPolicy.objects.create(
            organization=client.organization,
            version=2,
            effective_on=PERIOD_END,
            engagement_weight=45,
            activation_weight=0,
        )
    # (45·46.50 + 25·37.50 + 15·66.67) / 85 = 47.41
    add_score(client, policy=policy, overall=47)
    text = text_of(client)
    assert "Scoring policy 1 became 2 Changed rules 55.29 47.41 −7.88" in text
    assert "Scoring policy version 2" in text


def test_each_view_is_recorded_once(db: None, django_capture_on_commit_callbacks: Any) -> None:
    client = full_client()
    with django_capture_on_commit_callbacks(execute=True):
        page_of(client)
    with all_organizations():
        assert list(Event.objects.values_list("client_id", "name", "page_path")) == [(client.pk, "page_view", PAGE)]


def test_the_page_speaks_german_to_germans(db: None) -> None:
    client = full_client()
    page, text = page_of(client, accept_language="de"), text_of(client, accept_language="de")
    assert '<html lang="de"' in page
    assert "55 von 100 Braucht Aufmerksamkeit → Stabil: +1 Punkt seit 5. Januar 2026" in text
    assert "40 × 12/20 + 30 × 50/100 + 30 × 5/20 = 46,50" in text
    assert "Berechnet am 12. Januar 2026 08:00 (Europe/Berlin)" in text
    assert [word for word in ("Score", "score", "Activities", "measured", "Points") if word in text] == []
