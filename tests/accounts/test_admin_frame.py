"""What stands around every page of the admin: the way in, where one is, and where one may go."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from accounts.models import Membership, Organization
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory, MembershipFactory, OrganizationFactory
from tests.sessions import sign_in

SIGN_IN = "/admin/login/"


@pytest.fixture(autouse=True)
def _own_cache(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def links(browser: Browser) -> list[str]:
    page = browser.get("/admin/organization/")
    return [str(item["title"]) for group in page.context["sidebar_navigation"] for item in group["items"]]


def test_the_sidebar_leads_operators_everywhere(db: None) -> None:
    entries = [entry["title"] for group in settings.ADMIN_NAVIGATION for entry in group["items"]]
    assert links(operators_browser()) == entries


def test_the_sidebar_leads_members_where_they_may_go(organization: Organization) -> None:
    owner = links(browser_of(organization, Membership.Role.OWNER))
    staff = links(browser_of(organization, Membership.Role.STAFF))
    assert [title for title in owner if title not in staff] == ["API keys", "Audit log"]
    assert {"Clients", "Scores", "Events", "Organization", "Members"} <= set(staff)
    assert {"Users", "Operator alerts", "Schedules"}.isdisjoint(owner)


def test_made_up_data_is_marked(organization: Organization) -> None:
    simulated = OrganizationFactory.create(is_simulated=True)
    marked = [
        "Simulated demo data" in browser.get("/admin/accounts/client/").content.decode()
        for browser in (
            browser_of(simulated, Membership.Role.STAFF),
            browser_of(organization, Membership.Role.STAFF),
            operators_browser(),
        )
    ]
    assert marked == [True, False, True]


def test_a_member_of_two_organizations_changes_between_them(organization: Organization, outsider: Organization) -> None:
    browser = Browser()
    user = MembershipFactory.create(organization=organization).user
    MembershipFactory.create(organization=outsider, user=user)
    sign_in(browser, user)
    assert browser.get("/admin/organization/").context["site_subheader"] == organization.name
    assert browser.post("/admin/organization/", {"organization": outsider.pk}).status_code == 302
    assert browser.get("/admin/organization/").context["site_subheader"] == outsider.name


@pytest.mark.parametrize("chosen", ["another's", "0", "", "x"])
def test_nobody_changes_into_an_organization_of_others(
    organization: Organization, outsider: Organization, chosen: str
) -> None:
    browser = browser_of(organization, Membership.Role.OWNER)
    number = str(outsider.pk) if chosen == "another's" else chosen
    assert browser.post("/admin/organization/", {"organization": number}).status_code == 400
    assert browser.get("/admin/organization/").context["site_subheader"] == organization.name


def test_members_read_times_in_their_organizations_timezone(organization: Organization) -> None:
    client = ClientFactory.create(organization=organization, signed_up_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    address = f"/admin/accounts/client/{client.pk}/change/"
    shown = [
        '"2026-07-02"' in browser.get(address).content.decode()
        for browser in (browser_of(organization, Membership.Role.STAFF), operators_browser())
    ]
    assert shown == [True, False]


def test_signing_in_leads_to_the_home_page(organization: Organization) -> None:
    user = MembershipFactory.create(organization=organization).user
    browser = Browser()
    form = browser.get(SIGN_IN)
    assert '<input type="hidden" name="next" value="/admin/" form="login-form">' in form.content.decode()
    answer = browser.post(SIGN_IN, {"username": user.username, "password": "correct horse battery", "next": "/admin/"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_guessing_passwords_has_to_wait(organization: Organization) -> None:
    user = MembershipFactory.create(organization=organization).user
    browser = Browser()
    for _ in range(5):
        assert browser.post(SIGN_IN, {"username": user.username, "password": "wrong"}).status_code == 200
    refused = browser.post(SIGN_IN, {"username": user.username, "password": "correct horse battery"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 31
    assert "Too many failed attempts" in refused.content.decode()


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("/admin/", "Home"),
        ("/admin/success/churn/", "Churned clients"),
        ("/admin/success/churn/backtest/", "Backtest"),
        ("/admin/success/churn/add/", "Churned clients"),
        ("/admin/jobs/jobrun/status/", "Jobs"),
        ("/admin/jobs/jobrun/", "Runs"),
        ("/admin/password_change/", None),
    ],
)
def test_one_entry_of_the_sidebar_is_where_one_is(page: str, title: str | None, db: None) -> None:
    groups = operators_browser().get(page).context["sidebar_navigation"]
    assert [item["title"] for group in groups for item in group["items"] if item["active"]] == [title] * bool(title)
