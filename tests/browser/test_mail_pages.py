"""The pages behind the links of mails in a real browser: by keyboard, on a small phone, in light and dark."""

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from accounts.models import Client
from accounts.tenancy import all_organizations
from emails.categories import Category
from emails.models import Consent
from emails.preference_links import preferences_url, unsubscribe_url
from tests.browser.accessibility import violations
from tests.factories import ClientFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def client(site: str) -> Client:
    made: Client = ClientFactory.create(
        organization__name="An organization with quite a long name, Ltd.", email="ada@example.com", language="en"
    )
    return made


def paths_of(client: Client) -> tuple[str, str]:
    """The page of all categories, and the one that stops the weekly mail."""
    urls = (
        preferences_url(client.organization_id, client.pk),
        unsubscribe_url(client.organization_id, client.pk, Category.WEEKLY),
    )
    first, second = (url.removeprefix(settings.BASE_URL) for url in urls)
    return first, second


def test_choices_are_made_by_keyboard_alone_and_without_cookies(page: Page, client: Client) -> None:
    preferences, unsubscribe = paths_of(client)
    page.goto(preferences)
    page.get_by_role("checkbox", name="Weekly summary").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved. It holds from now on.")
    expect(page.get_by_role("checkbox", name="Weekly summary")).to_be_checked()
    page.goto(unsubscribe)
    page.get_by_role("button", name="Unsubscribe").press("Enter")
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert page.context.cookies() == []
    with all_organizations():
        words = Consent.objects.filter(category="weekly").order_by("id").values_list("is_given", "source")
        assert list(words) == [(True, "preferences"), (False, "unsubscribe_link")]


def test_the_pages_are_accessible_and_fit_a_small_phone(chromium: Browser, site: str, client: Client) -> None:
    with chromium.new_context(
        base_url=site,
        viewport={"width": 320, "height": 640},
    ) as context:
        page = context.new_page()
        for path in (*paths_of(client), "/mail/preferences/no-such-token"):
            page.goto(path)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") == 320
