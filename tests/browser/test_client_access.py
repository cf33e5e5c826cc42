from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Client
from accounts.tenancy import organization_scope
from success.client_access.invitations import invite_client
from success.models import Score
from success.scoring import score_clients
from tests.browser.accessibility import WCAG_AA, violations_of
from tests.browser.sessions import open_signed_in
from tests.factories import UserFactory
from tests.success.access import PASSWORD, client_with_address, link_in, mails
from tests.success.scored_clients import client_with_login
from tests.success.test_behind import event, record

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVENTS = "/client/dashboard/success/events?part={}"
LONG = "Quarterly-Report-" * 12


@pytest.fixture
def ada(site: str) -> Client:
    """Scored now, with events of every kind of name."""
    client = client_with_login()
    now = datetime.now(UTC)
    names = ["login", "page_view", LONG, "content_generated"] * 15
    record(
        client.organization,
        *(event(name, at=now - timedelta(hours=30 + 5 * n), number=n) for n, name in enumerate(names)),
        received_at=now,
    )
    with organization_scope(client.organization_id):
        score_clients(client.organization_id, period_end=now.date(), computed_at=now)
        assert Score.objects.get().events_30 == len(names)
    return client


def test_the_pages_are_accessible_and_fit_a_phone(page: Page, ada: Client) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    invited = client_with_address(organization=ada.organization)
    invite_client(invited, actor=UserFactory.create(), at=datetime.now(UTC))
    strangers = [
        link_in(mails()[0]),
        "/invitation/gone",
        "/client/forgotten-password",
        "/client/forgotten-password/sent",
    ]
    found = {path: checked(page, path) for path in strangers}
    own = [
        "/client/preferences",
        "/client/password",
        *map(EVENTS.format, ("events", "active_days", "visuals", "nonsense")),
    ]
    open_signed_in(page, own[0])
    found |= {path: checked(page, path) for path in own}
    assert {path: problems for path, problems in found.items() if problems} == {}


def checked(page: Page, path: str) -> list[str]:
    page.goto(path)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return violations_of(WCAG_AA, page) + ([f"{overflow} px too wide"] if overflow else [])


def test_an_invited_client_comes_in_by_keyboard(page: Page, ada: Client) -> None:
    invited = client_with_address(organization=ada.organization)
    invite_client(invited, actor=UserFactory.create(), at=datetime.now(UTC))
    page.goto(link_in(mails()[0]))
    page.get_by_label("New password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_url("**/client/dashboard/success")


def test_preferences_are_kept_without_a_script(page: Page, ada: Client) -> None:
    open_signed_in(page, "/client/preferences")
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Timezone").select_option("Asia/Kathmandu")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#id_timezone")).to_have_value("Asia/Kathmandu")
