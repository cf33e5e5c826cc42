"""The button on the page of a new policy."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from health.models import HealthPolicy
from health.policies import VALUES, policy_in_force
from health.what_if.replaying import replay
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.health.watched_clients import DAY, NOW, add_client

ADDRESS = "/admin/health/healthpolicy/add/"


def levels(of: Organization, /, **changes: Any) -> dict[str, Any]:
    """Those in force, filled in as on the page."""
    with organization_scope(of.pk):
        policy = policy_in_force(of.pk)
    values = {name: getattr(policy, name) for name in VALUES} | {"note": "why not"} | changes
    return {name: value for name, value in values.items() if value is not False} | {"_what_if": "1"}


def ask(browser: Browser, values: dict[str, Any]) -> str:
    with time_machine.travel(NOW, tick=False):
        response = browser.post(ADDRESS, values)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def silent_clients(organization: Organization, outsider: Organization) -> None:
    for organization_of_it, days in ((organization, 4), (organization, 10), (outsider, 4)):
        client = add_client(organization_of_it, silent=None)
        with all_organizations():
            type(client).objects.filter(pk=client.pk).update(created_at=NOW - days * DAY)


@pytest.mark.usefixtures("silent_clients")
def test_an_owner_sees_what_it_would_have_done_and_nothing_is_saved(organization: Organization) -> None:
    browser = browser_of(organization, Membership.Role.OWNER)
    page = ask(browser, levels(organization, inactivity_hours=24 * 6, zero_activity_hours=24 * 7))
    assert (
        "In the last 90 days this would have opened 1 alert on 1 of 2 clients"
        " (the policy in force: 2 alerts on 2 of 2 clients)." in page
    )
    assert "No client is marked as having left" in page
    assert 'value="144"' in page
    assert 'value="why not"' in page
    with all_organizations():
        assert HealthPolicy.objects.count() == 1


@pytest.mark.usefixtures("silent_clients")
def test_levels_that_make_no_sense_are_refused_as_on_saving(organization: Organization) -> None:
    page = ask(browser_of(organization, Membership.Role.OWNER), levels(organization, inactivity_hours=100))
    assert "The levels of silence must follow each other." in page
    assert "would have opened" not in page


@pytest.mark.usefixtures("silent_clients")
def test_an_operator_chooses_an_organization(organization: Organization, outsider: Organization) -> None:
    assert "Choose an organization" in ask(operators_browser(), levels(organization))
    page = ask(operators_browser(), levels(organization, organization=outsider.pk))
    assert "this would have opened 1 alert on 1 of 1 clients" in page


def test_an_owner_cannot_ask_about_another_organization(organization: Organization, outsider: Organization) -> None:
    page = ask(browser_of(organization, Membership.Role.OWNER), levels(organization, organization=outsider.pk))
    assert "0 alerts on 0 of 0 clients" in page
    assert str(outsider) not in page


def test_a_member_who_may_not_change_levels_may_not_ask(organization: Organization) -> None:
    others = [role for role in Membership.Role if role != Membership.Role.OWNER]
    for role in others:
        assert browser_of(organization, role).post(ADDRESS, levels(organization)).status_code == 403


def test_what_takes_too_long_says_so(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*args: Any, **kwargs: Any) -> Any:
        return replay(*args, **kwargs, seconds=0.001)

    for _ in range(20):
        add_client(organization, silent=timedelta(days=5))
    monkeypatch.setattr("health.admin.what_if.replay", slow)
    assert "too much history" in ask(browser_of(organization, Membership.Role.OWNER), levels(organization))


def test_saving_still_saves(organization: Organization) -> None:
    values = levels(organization, inactivity_hours=30)
    del values["_what_if"]
    response = browser_of(organization, Membership.Role.OWNER).post(ADDRESS, values)
    assert response.status_code == 302
    with organization_scope(organization.pk):
        assert policy_in_force(organization.pk).inactivity_hours == 30
