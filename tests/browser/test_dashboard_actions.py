"""The success page used: by keyboard, by script and without one."""

import re
from datetime import date, timedelta

import pytest
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from accounts.models import Client
from accounts.tenancy import all_organizations
from success.milestones.arrivals import detector
from success.models import Feedback, Insight, Milestone, Task
from tests.browser.sessions import open_signed_in
from tests.browser.test_success_page import PAGE
from tests.success.scored_clients import add_activity, full_client
from tests.success.told_clients import add_insight, add_insights, add_milestone, add_task

pytestmark = [pytest.mark.browser, pytest.mark.slow]

APPLICATION = "https://app.acme.example"


def monday() -> date:
    today = timezone.now().date()
    return today - timedelta(days=today.weekday())


@pytest.fixture
def ada(site: str) -> Client:
    """On the real clock, which the server goes by; due to be asked for feedback."""
    now = timezone.now()
    client = full_client(weeks=26, organization_fields={"app_url": APPLICATION}, signed_up_at=now - timedelta(days=90))
    later = {"expires_at": now + timedelta(days=28), "period_end": monday()}
    add_insight(client, "recommendation", priority=Insight.Priority.HIGH, action_url=f"{APPLICATION}/reports", **later)
    add_insight(client, "tip", action_url=f"{PAGE}#tasks", **later)
    add_insight(client, "weekly_summary", priority=Insight.Priority.LOW, **later)
    for title in ("Connect your data", "Set your goals"):
        add_task(client, title, is_onboarding=True)
    return client


def statuses() -> list[str]:
    with all_organizations():
        return list(Insight.objects.order_by("pk").values_list("status", flat=True))


def tab_to(page: Page, name: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText.trim()") == name:
            return
    raise AssertionError(f"Tab never reached {name!r}")


def test_everything_can_be_done_by_keyboard_and_the_focus_is_never_lost(page: Page, ada: Client) -> None:
    open_signed_in(page, PAGE)
    tab_to(page, "Mark as read")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Marked as read.")
    expect(page.locator("h3:focus")).to_contain_text("A quiet week")
    tab_to(page, "Dismiss")
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_have_text("Dismissed.")
    expect(page.locator("h3:focus")).to_contain_text("You are nearly set up")
    tab_to(page, "Connect your data")
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_have_text("Done: Connect your data")
    expect(page.get_by_role("checkbox", name="Connect your data")).to_be_checked()
    expect(page.locator("button:focus")).to_have_text("Connect your data")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Open again: Connect your data")
    expect(page.locator("button:focus")).to_have_text("Connect your data")
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_have_text("Done: Connect your data")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.name") != "rating":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You answered 1 of 10.")).to_be_visible()
    expect(page.locator("#feedback:focus")).to_contain_text("Thank you")
    assert statuses() == ["dismissed", "unread", "unread"]
    with all_organizations():
        assert list(Task.objects.order_by("pk").values_list("status", flat=True)) == ["done", "todo"]
        assert list(Feedback.objects.values_list("kind", "rating", "channel")) == [("nps", 1, "dashboard")]


def test_not_wanting_to_answer_keeps_the_focus(page: Page, ada: Client) -> None:
    open_signed_in(page, PAGE)
    page.get_by_role("button", name="Not now").focus()
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_text("All right. We will ask you another time.")
    page.reload()
    expect(page.get_by_role("button", name="Not now")).to_have_count(0)


def test_acting_leads_into_the_application(page: Page, ada: Client) -> None:
    """The page's content policy lets the form end there."""

    def answer(route: Route) -> None:
        route.fulfill(body="The application")

    page.route(f"{APPLICATION}/**", answer)
    open_signed_in(page, PAGE)
    page.get_by_role("button", name="Pick up where you left off").click()
    page.wait_for_url(f"{APPLICATION}/reports")
    assert statuses() == ["acted_on", "unread", "unread"]


def test_without_javascript_everything_works_by_forms(chromium: Browser, site: str, ada: Client) -> None:
    add_milestone(ada)
    with chromium.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        open_signed_in(page, PAGE)
        page.get_by_role("button", name="Mark as read").first.click()
        page.wait_for_url("**#insight-*")
        page.get_by_role("button", name="Dismiss").first.click()
        page.wait_for_url("**#insights")
        page.get_by_role("checkbox", name="Set your goals").click()
        page.wait_for_url("**#tasks")
        expect(page.get_by_text("1 of 2 done")).to_be_visible()
        page.get_by_role("button", name="See your tasks").click()
        page.wait_for_url("**#tasks")
        page.get_by_role("button", name="See your milestones").click()
        page.wait_for_url("**#milestones")
        expect(page.locator("#celebration")).to_have_count(0)
        page.get_by_role("radio", name="9").check(force=True)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Thank you. Your answer is recorded.")).to_be_visible()
    assert statuses() == ["dismissed", "acted_on", "unread"]


def test_a_milestone_is_celebrated_once(page: Page, ada: Client) -> None:
    milestone = add_milestone(ada)
    with page.expect_response("**/client/milestones/celebrated") as told:
        open_signed_in(page, PAGE)
    assert told.value.status == 204
    expect(page.get_by_role("heading", name="10 contents").first).to_be_visible()
    page.reload()
    expect(page.locator("#celebration")).to_have_count(0)
    with all_organizations():
        assert Milestone.objects.get(pk=milestone.pk).celebrated_at is not None


def test_the_last_task_is_celebrated_without_loading_the_page_again(page: Page, ada: Client) -> None:
    with all_organizations():
        others = Task.objects.filter(client=ada).exclude(title="Set your goals")
        others.update(status="done", completed_at=timezone.now())
    open_signed_in(page, PAGE)
    page.evaluate("window.isTheSamePage = true")
    with override_settings(MILESTONES_AT_ONCE=True):
        with page.expect_response("**/client/milestones/celebrated"):
            page.get_by_role("checkbox", name="Set your goals").click()
        detector.close(seconds=10)
    expect(page.locator("#celebrations[aria-live=polite]")).to_contain_text("All set up")
    expect(page.get_by_role("checkbox", name="Set your goals")).to_be_focused()
    assert page.evaluate("window.isTheSamePage") is True
    page.reload()
    expect(page.locator("#celebration")).to_have_count(0)


def test_a_session_that_ended_leads_to_the_sign_in(page: Page, context: BrowserContext, ada: Client) -> None:
    open_signed_in(page, PAGE)
    context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Dismiss").first.click()
    page.wait_for_url(re.compile(r"/client/sign-in\?next=/client/insights/\d+/dismiss$"))
    assert statuses() == ["unread"] * 3


def test_what_does_not_get_through_is_said(page: Page, context: BrowserContext, ada: Client) -> None:
    open_signed_in(page, PAGE)
    context.set_offline(True)
    page.get_by_role("button", name="Dismiss").first.click()
    expect(page.get_by_role("alert")).to_have_text("That did not get through. Please try again.")
    context.set_offline(False)
    page.get_by_role("button", name="Dismiss").first.click()
    expect(page.locator("#said")).to_have_text("Dismissed.")
    expect(page.locator("#unsent")).to_be_hidden()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_fullest_page_is_small(page: Page, site: str, ada: Client, language: str) -> None:
    """Fifty insights, half a year of scores, activity every day; script and styles counted, nothing compressed."""
    with all_organizations():
        Insight.objects.all().delete()
        Client.objects.filter(pk=ada.pk).update(language=language)
        now = timezone.now()
    add_insights(ada, 50, newest=monday())
    with all_organizations():
        Insight.objects.update(expires_at=now + timedelta(days=28))
    add_activity(ada, {now.date() - timedelta(days=n): 100 + n for n in range(1, 30)})
    for key in ("contents-10", "first-login", "visuals-10"):
        add_milestone(ada, key)
    open_signed_in(page, PAGE)
    sizes = page.evaluate(
        "performance.getEntries().filter(e => e.decodedBodySize).map(e => [new URL(e.name).origin, e.decodedBodySize])"
    )
    assert {origin for origin, _ in sizes} == {site}
    assert len(sizes) >= 7
    assert sum(size for _, size in sizes) < 150_000
