"""An owner asks what new levels would have done, with a script and without."""

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations
from health.models import HealthPolicy
from tests.browser.sessions import open_signed_in
from tests.factories import MembershipFactory, OrganizationFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADD = "/admin/health/healthpolicy/add/"
BUTTON = "Show what this would have done"
REFUSAL = "The levels of silence must follow each other."


@pytest.fixture
def acme(site: str) -> Organization:
    organization: Organization = OrganizationFactory.create()
    MembershipFactory.create(organization=organization, user__username="ann", role=Membership.Role.OWNER)
    return organization


def versions(organization: Organization) -> list[int]:
    with all_organizations():
        return list(HealthPolicy.objects.filter(organization=organization).values_list("inactivity_hours", flat=True))


def test_the_answer_comes_into_the_page_and_grows_old(page: Page, acme: Organization) -> None:
    open_signed_in(page, ADD, "ann")
    page.evaluate("window.isStillHere = true")
    page.locator("#id_inactivity_hours").fill("30")
    status = page.locator(".what-if-status")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**{ADD}", hold)
    page.get_by_role("button", name=BUTTON).click()
    expect(status).to_contain_text("Replaying the last 90 days.")
    expect(page.get_by_role("button", name=BUTTON)).to_be_disabled()
    held[0].continue_()
    answer = page.locator(".what-if section")
    expect(answer).to_contain_text("0 alerts on 0 of 0 clients")
    expect(answer).to_be_focused()
    expect(status).to_be_empty()
    page.locator("#id_inactivity_hours").fill("31")
    expect(status).to_contain_text("The levels have changed since.")
    assert (page.evaluate("window.isStillHere"), versions(acme)) == (True, [])


def test_levels_that_make_no_sense_are_shown_as_on_saving(page: Page, acme: Organization) -> None:
    open_signed_in(page, ADD, "ann")
    page.locator("#id_inactivity_hours").fill("100")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text(REFUSAL)).to_be_visible()
    expect(page.locator("#id_inactivity_hours")).to_have_value("100")
    assert versions(acme) == []


def test_enter_saves_as_everywhere_in_the_admin(page: Page, acme: Organization) -> None:
    open_signed_in(page, ADD, "ann")
    page.locator("#id_inactivity_hours").fill("30")
    page.keyboard.press("Enter")
    page.wait_for_url("**/healthpolicy/")
    assert versions(acme) == [30]


def test_it_works_without_its_script(page: Page, acme: Organization) -> None:
    """The framework of the admin itself shows nothing without any."""
    page.route("**/admin_theme/what_if*.js", lambda route: route.abort())
    open_signed_in(page, ADD, "ann")
    page.evaluate("window.isStillHere = true")
    page.locator("#id_inactivity_hours").fill("30")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator(".what-if section")).to_contain_text("0 alerts on 0 of 0 clients")
    expect(page.locator("#id_inactivity_hours")).to_have_value("30")
    assert (page.evaluate("window.isStillHere"), versions(acme)) == (None, [])
