"""The page behind a feedback link in a real browser: by keyboard, on a small phone, in light and dark."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Client
from accounts.tenancy import all_organizations, organization_scope
from success.feedback.links import feedback_link
from success.models import Feedback
from tests.browser.accessibility import violations
from tests.factories import ClientFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def client(site: str) -> Client:
    made: Client = ClientFactory.create(
        organization__name="An organization with quite a long name, Ltd.", signed_up_at=timezone.now() - timedelta(400)
    )
    return made


def link(client: Client, kind: Feedback.Kind) -> str:
    with organization_scope(client.organization_id):
        return feedback_link(client, kind, at=timezone.now())


def test_the_question_is_answered_by_keyboard_alone_and_without_cookies(page: Page, client: Client) -> None:
    page.goto(link(client, Feedback.Kind.NPS))
    page.get_by_role("radio", name="0", exact=True).focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="9", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Quick answers")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You answered 9 of 10.")).to_be_visible()
    assert page.context.cookies() == []
    with all_organizations():
        assert list(Feedback.objects.values_list("rating", "comment")) == [(9, "Quick answers")]


def test_the_page_is_accessible_and_fits_a_small_phone(chromium: Browser, site: str, client: Client) -> None:
    with chromium.new_context(
        base_url=site,
        viewport={"width": 320, "height": 640},
    ) as context:
        page = context.new_page()
        paths = [*(link(client, kind) for kind in Feedback.Kind), "/feedback/no-such-token"]
        for path in paths:
            page.goto(path)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") == 320
            sizes = [box.bounding_box() for box in page.get_by_role("radio").all()]
            assert all(size and min(size["width"], size["height"]) >= 24 for size in sizes)
