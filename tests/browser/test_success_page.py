from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from accounts.logins import password_link
from accounts.models import Client
from accounts.tenancy import all_organizations
from success.feedback.links import feedback_link
from success.models import Feedback, Insight
from tests.browser.accessibility import violations
from tests.browser.sessions import open_signed_in
from tests.success.scored_clients import PASSWORD, add_activity, client_with_login, full_client, login_of
from tests.success.told_clients import add_insight, add_insights, add_milestone, add_task

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = "/client/dashboard/success"
TODAY = timezone.now().date()


@pytest.fixture
def ada(site: str) -> Client:
    """Scored, and active today and the day before on the real clock that the server goes by."""
    client = full_client(organization_fields={"is_simulated": True})
    today = timezone.now().astimezone(client.organization.timezone).date()
    add_activity(client, {today - timedelta(days=1): 4, today: 1200})
    return client


def sign_in(page: Page) -> None:
    page.goto("/client/sign-in")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{PAGE}")


def test_a_client_signs_in_and_checks_the_score_by_keyboard_alone(page: Page, ada: Client) -> None:
    page.goto(PAGE)
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your success score")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")
    page.keyboard.press("Tab")
    expect(page.locator("summary").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("40 × 12/20 + 30 × 50/100 + 30 × 5/20 = 46.50")).to_be_visible()


def test_the_page_shows_the_stored_numbers(page: Page, ada: Client) -> None:
    sign_in(page)
    expect(page.locator("#overall")).to_have_text("55")
    expect(page.locator("#band")).to_have_text("Needs attention")
    expect(page.locator("#trend")).to_contain_text("Stable: +1 point since Jan. 5, 2026")
    expect(page.locator(".bar dd:not(.strip)")).to_have_text(["46.50", "80.00", "37.50", "not measured", "66.67"])
    # The sign-in was recorded as a login, today.
    expect(page.locator(".totals dd")).to_have_text(["1,205", "2", "40.2"])
    expect(page.get_by_text("Simulated demo data")).to_be_visible()


def test_the_pages_have_no_accessibility_violations(page: Page, ada: Client) -> None:
    newcomer = client_with_login("newcomer", organization=ada.organization, external_id="user-2")
    add_insights(ada, 12)
    add_insight(ada, "recommendation", period_end=TODAY, priority=Insight.Priority.HIGH)
    for title in ("Connect your data", "Set your goals"):
        add_task(ada, title, is_onboarding=True, due_on=TODAY - timedelta(days=1))
    add_task(ada, "Sign the contract", status="done")
    for key in ("contents-10", "first-login"):
        add_milestone(ada, key)
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(signed_up_at=timezone.now() - timedelta(days=90))
        Insight.objects.update(expires_at=timezone.now() + timedelta(days=28))
        link = feedback_link(newcomer, Feedback.Kind.CSAT, at=timezone.now())
    found = {}

    def check(*paths: str) -> None:
        for path in paths:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            found[path] = violations(page)

    check("/", "/client/sign-in", "/client/forgotten-password", "/client/forgotten-password/sent")
    check("/no-such-page", "/invitation/no-such-token", "/set-password/MQ/no-such-token")
    check(link, "/feedback/no-such-token", password_link(login_of(newcomer)))
    open_signed_in(page, PAGE)
    check(PAGE, "/client/feedback", "/client/preferences", "/client/password")
    check(*(f"{PAGE}/events?part={part}" for part in ("events", "active_days", "tasks", "answers", "none")))
    open_signed_in(page, PAGE, "newcomer")
    found["without a score"] = violations(page)
    assert {path: nodes for path, nodes in found.items() if nodes} == {}
    assert len(found) == 20


def test_the_page_works_without_javascript(chromium: Browser, site: str, ada: Client) -> None:
    with chromium.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page)
        page.locator("summary", has_text="Momentum").click()
        expect(page.get_by_text("50 + 50 × (12 − 8) ÷ 12 = 66.67")).to_be_visible()
        expect(page.locator(".heatmap rect")).to_have_count(30)


def test_the_page_is_small_and_loads_nothing_from_elsewhere(context: BrowserContext, site: str, ada: Client) -> None:
    page = context.new_page()
    requests: list[Request] = []
    problems: list[str] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("request", note)
    page.on("console", lambda message: problems.append(message.text))
    sign_in(page)
    requests.clear()
    page.reload()
    assert [request.url for request in requests if not request.url.startswith(site)] == []
    assert sum(request.sizes()["responseBodySize"] for request in requests) < 150_000
    assert problems == []


@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_does_not_scroll_sideways(page: Page, ada: Client, width: int) -> None:
    absurd = "🚀🦊 عبد الرحمن " + "Donaudampfschifffahrtsgesellschaftskapitän" * 4
    client_with_login("absurd", organization=ada.organization, external_id="user-3", name=absurd)
    page.set_viewport_size({"width": width, "height": 800})
    for username in ("ada", "absurd"):
        open_signed_in(page, PAGE, username)
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_signing_out_closes_the_page(page: Page, ada: Client) -> None:
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    page.goto(PAGE)
    expect(page).to_have_url(f"{page.url.split('/client')[0]}/client/sign-in?next={PAGE}")
