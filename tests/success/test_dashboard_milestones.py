from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Milestone
from telemetry.models import ClientActivity
from tests.success.scored_clients import NOW, add_activity, client_with_login
from tests.success.test_dashboard_insights import HTMX, PAGE, signed_in, words
from tests.success.told_clients import add_definition, add_insight, add_milestone, add_task, reach

CELEBRATED = "/client/milestones/celebrated"
NEW = "/client/milestones/new"
QUERIES = 8


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(db: None, outsider: Organization) -> Client:
    return client_with_login()


def page_of(client: Client) -> str:
    return signed_in(client).get(PAGE).content.decode()


def uncelebrated() -> set[int]:
    with all_organizations():
        return set(Milestone.objects.filter(celebrated_at=None).values_list("pk", flat=True))


def test_a_new_milestone_is_celebrated_until_the_page_says_it_was(ada: Client) -> None:
    milestone = add_milestone(ada)
    browser = signed_in(ada)
    for _ in range(2):
        assert "You reached a milestone 10 contents You have made ten contents." in words(browser.get(PAGE).content)
    response = browser.post(CELEBRATED, {"milestone": milestone.pk})
    assert (response.status_code, response["Location"]) == (302, f"{PAGE}#milestones")
    assert 'id="celebration"' not in browser.get(PAGE).content.decode()


def test_several_at_once_are_one_celebration(ada: Client) -> None:
    add_milestone(ada, "first-login", reached_on=date(2025, 1, 1))
    add_milestone(ada)
    assert "You reached 2 milestones 10 contents You have made ten contents. And also: First sign-in" in words(
        page_of(ada)
    )


def test_only_what_was_shown_counts_as_celebrated(ada: Client) -> None:
    shown, meanwhile = add_milestone(ada), add_milestone(ada, "first-login")
    others = add_milestone(client_with_login("grace", organization=ada.organization, external_id="user-2"))
    garbage = ["", "x", "-1", "٣", "9" * 40, "\0"]
    response = signed_in(ada).post(CELEBRATED, {"milestone": [str(shown.pk), str(others.pk), *garbage]}, headers=HTMX)
    assert (response.status_code, response.content) == (204, b"")
    assert uncelebrated() == {meanwhile.pk, others.pk}


def asked(client: Client, query: str = "") -> str:
    response = signed_in(client).get(f"{NEW}{query}", headers=HTMX)
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
    return response.content.decode().strip()


@pytest.mark.parametrize(
    ("address", "asks"),
    [("/client/tasks/{}/complete", 1), ("/client/tasks/{}/reopen", 0), ("/client/insights/{}/read", 1)],
)
def test_after_what_may_reach_a_milestone_the_page_asks_for_it(
    ada: Client, settings: Settings, address: str, asks: int
) -> None:
    pk = (add_insight if "insights" in address else add_task)(ada).pk
    counts = []
    for settings.MILESTONES_AT_ONCE in (True, False):
        body = signed_in(ada).post(address.format(pk), headers=HTMX).content.decode()
        counts.append(body.count(f'hx-get="{NEW}" hx-trigger="load delay:1s"'))
    assert counts == [asks, 0]


def test_the_page_asks_twice_at_most(ada: Client) -> None:
    add_milestone(ada, celebrated_at=NOW)
    add_milestone(client_with_login("grace", organization=ada.organization, external_id="user-2"))
    assert asked(ada) == f'<span hx-get="{NEW}?again" hx-trigger="load delay:4s" hx-swap="outerHTML"></span>'
    assert asked(ada, "?again") == ""


@pytest.mark.parametrize("query", ["", "?again"])
def test_what_was_reached_meanwhile_is_celebrated_in_its_place(ada: Client, query: str) -> None:
    milestone = add_milestone(ada)
    body = asked(ada, query)
    assert body.startswith('<div id="celebrations" hx-swap-oob="innerHTML"><section class="card celebration"')
    assert words(body) == "You reached a milestone 10 contents You have made ten contents. See your milestones"
    assert f'name="milestone" value="{milestone.pk}"' in body
    assert ("?again" in body, uncelebrated()) == (False, {milestone.pk})


def test_asking_takes_as_many_queries_however_many_there_are(ada: Client, django_assert_num_queries: Any) -> None:
    browser = signed_in(ada)
    for keys in (["contents-10"], ["first-login", "visuals-10"]):
        for key in keys:
            add_milestone(ada, key)
        with django_assert_num_queries(QUERIES):
            browser.get(NEW, headers=HTMX)


def test_asking_is_for_the_page_alone(ada: Client) -> None:
    browser = signed_in(ada)
    followed = browser.get(NEW)
    assert (followed.status_code, followed["Location"]) == (302, f"{PAGE}#milestones")
    assert browser.post(NEW, headers=HTMX).status_code == 405


def test_reached_ones_tell_day_and_count_with_the_newest_first(ada: Client) -> None:
    add_milestone(ada, "first-login", reached_on=date(2025, 1, 1), celebrated_at=NOW)
    add_milestone(ada, "onboarding-done", reached_on=date(2025, 6, 1), celebrated_at=NOW)
    add_milestone(ada, value=12, celebrated_at=NOW)
    text = words(page_of(ada))
    assert "Milestones 3 reached" in text
    assert (
        "10 contents Jan. 10, 2026 · Contents generated: 12"
        " All set up June 1, 2025 · Onboarding done, percent: 100 %"
        " First sign-in Jan. 1, 2025 · Sign-ins: 1"
    ) in text


def test_the_next_ones_show_how_far_it_is(ada: Client) -> None:
    add_activity(ada, {date(2026, 1, 14): 750})
    with all_organizations():
        ClientActivity.objects.create(organization_id=ada.organization_id, client=ada, first_at=NOW, last_at=NOW)
    add_definition(ada, "thousand", title="A thousand <b>events</b>", threshold=1_000)
    page = page_of(ada)
    assert "A thousand &lt;b&gt;events&lt;/b&gt;" in page
    assert "750 of 1,000" in words(page)
    assert '<rect class="fill" width="75%"' in page


@pytest.mark.parametrize(
    ("kind", "reward", "shown"),
    [
        ("text", "A cake", "<bdi>A cake</bdi>"),
        ("code", "SPRING", "<code>SPRING</code>"),
        ("link", "https://shop.example/?a=1&b=2", '<a href="https://shop.example/?a=1&amp;b=2"'),
        ("link", "javascript:alert(1)", "<bdi>javascript:alert(1)</bdi>"),
        ("link", "http://[bad", "<bdi>http://[bad</bdi>"),
    ],
)
def test_a_reward_is_shown_once_it_is_given(ada: Client, kind: str, reward: str, shown: str) -> None:
    definition = add_definition(ada, "gift", title="Gifted", reward_kind=kind, reward=reward)
    milestone = reach(ada, definition, celebrated_at=NOW)
    assert "Your reward:" not in page_of(ada)
    with all_organizations():
        Milestone.objects.filter(pk=milestone.pk).update(reward_given_at=NOW)
    page = page_of(ada)
    assert "Your reward:" in page
    assert shown in page


def test_older_ones_are_folded(ada: Client) -> None:
    for number in range(8):
        reach(ada, add_definition(ada, f"m-{number}"), celebrated_at=NOW)
    page = page_of(ada)
    newest, older = page[page.index('class="badges"') :].split("<details", 1)
    assert (newest.count('class="badge"'), older.count('class="badge"')) == (6, 2)
    assert "2 earlier" in words(older)
