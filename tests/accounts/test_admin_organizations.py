import pytest
from django.test import Client as Browser

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations
from tests.accounts.admin_pages import audited, browser_of, operators_browser
from tests.factories import OrganizationFactory

FORM = {"name": "Acme", "timezone": "Europe/Berlin", "creates_unknown_clients": "on", "runs_jobs": "on"}


def change(browser: Browser, organization: Organization, **fields: str) -> int:
    return browser.post(f"/admin/accounts/organization/{organization.pk}/change/", fields).status_code


def read(organization: Organization) -> Organization:
    with all_organizations():
        return Organization.objects.get(pk=organization.pk)


@pytest.fixture
def acme(db: None) -> Organization:
    organization: Organization = OrganizationFactory.create(slug="acme", name="Acme", timezone="Europe/Berlin")
    return organization


def test_an_owner_changes_settings_and_the_log_tells_from_what_to_what(acme: Organization) -> None:
    browser = browser_of(acme, Membership.Role.OWNER)
    assert change(browser, acme, name="Acme & Co", timezone="Europe/Paris", creates_unknown_clients="on") == 302
    assert audited(acme) == [
        (
            "organization.changed",
            {
                "name": ["Acme", "Acme & Co"],
                "timezone": ["Europe/Berlin", "Europe/Paris"],
                "runs_jobs": [True, False],
            },
        )
    ]
    assert read(acme).runs_jobs is False


def test_an_owner_says_where_answers_and_insights_lead(acme: Organization) -> None:
    browser = browser_of(acme, Membership.Role.OWNER)
    assert change(browser, acme, **FORM, reply_to="desk@acme.example", app_url="https://app.acme.example/") == 302
    acme = read(acme)
    assert (acme.reply_to, acme.app_url) == ("desk@acme.example", "https://app.acme.example/")


@pytest.mark.parametrize("address", ["desk", "a@acme.example, b@acme.example", "a@acme.example\nBcc: b@acme.example"])
def test_answers_go_to_one_address(acme: Organization, address: str) -> None:
    assert change(browser_of(acme, Membership.Role.OWNER), acme, **FORM, reply_to=address) == 200
    assert read(acme).reply_to == ""


def test_saving_without_a_change_leaves_no_trace(acme: Organization) -> None:
    change(browser_of(acme, Membership.Role.OWNER), acme, **FORM)
    assert audited(acme) == []


def test_an_owner_cannot_touch_what_operators_decide(acme: Organization) -> None:
    browser = browser_of(acme, Membership.Role.OWNER)
    change(browser, acme, **FORM, slug="taken-over", is_simulated="on", accounts_organization_close_this="1")
    assert (read(acme).slug, read(acme).is_simulated, read(acme).status) == ("acme", False, "active")


def test_staff_read_only(acme: Organization) -> None:
    browser = browser_of(acme, Membership.Role.STAFF)
    assert browser.get(f"/admin/accounts/organization/{acme.pk}/change/").status_code == 200
    assert change(browser, acme, **FORM | {"name": "Mine"}) == 403
    assert read(acme).name == "Acme"


def test_an_operator_suspends_from_the_form(acme: Organization) -> None:
    change(operators_browser(), acme, **FORM, slug="acme", accounts_organization_suspend_this="1")
    assert read(acme).status == "suspended"
    assert audited(acme) == [("organization.suspended", {"status": ["active", "suspended"]})]


def test_an_operator_approves_those_that_wait(acme: Organization) -> None:
    waiting = OrganizationFactory.create(status="pending")
    browser = operators_browser()
    chosen = {"action": "approve", "_selected_action": [acme.pk, waiting.pk]}
    page = browser.post("/admin/accounts/organization/", chosen, follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "1 organization cannot take this step.",
        "1 organization is changed.",
    ]
    assert read(waiting).status == "active"
    assert audited(waiting) == [("organization.approved", {"status": ["pending", "active"]})]


def test_a_form_offers_only_the_steps_that_are_possible(acme: Organization) -> None:
    text = operators_browser().get(f"/admin/accounts/organization/{acme.pk}/change/").content.decode()
    offered = [step for step in ("approve", "reject", "suspend", "resume", "close") if f"_{step}_this" in text]
    assert offered == ["suspend", "close"]
