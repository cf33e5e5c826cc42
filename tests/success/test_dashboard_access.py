"""Who may do what on the success page: the client alone, and only with what is theirs."""

from urllib.parse import quote

import pytest
from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Insight, Task
from tests.factories import ClientFactory, MembershipFactory
from tests.sessions import sign_in
from tests.success.scored_clients import client_with_login
from tests.success.test_dashboard_insights import HTMX, PAGE, signed_in
from tests.success.told_clients import add_insight, add_task

ACTIONS = (
    *("/client/insights/{}/read", "/client/insights/{}/dismiss", "/client/insights/{}/act"),
    *("/client/tasks/{}/complete", "/client/tasks/{}/reopen"),
)
SIGN_IN = "/client/sign-in"


@pytest.fixture
def ada(db: None) -> Client:
    return client_with_login()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_others_rows_and_garbage_are_like_missing_ones(
    ada: Client, outsider: Organization, action: str, headers: dict[str, str]
) -> None:
    neighbour = ClientFactory.create(organization=ada.organization)
    stranger = ClientFactory.create(organization=outsider)
    make = add_insight if "insights" in action else add_task
    foreign = [make(client).pk for client in (neighbour, stranger)]
    browser = signed_in(ada)
    missing = browser.post(action.format(2**62), headers=headers)
    assert missing.status_code == 404
    for pk in (*foreign, 0, -1, 2**63, "x", "1.5", "%00", "٣", "🚀", "9" * 5000, "1 OR 1=1"):
        response = browser.post(action.format(quote(str(pk), safe="%")), headers=headers)
        assert (response.status_code, response.content) == (404, missing.content)
    with all_organizations():
        assert not Insight.objects.exclude(status="unread").exists()
        assert not Task.objects.exclude(status="todo").exists()


@pytest.mark.parametrize("action", [*ACTIONS, "/client/milestones/celebrated"])
def test_who_is_not_signed_in_is_sent_there(db: None, action: str) -> None:
    address = action.format(1)
    response = Browser().post(address)
    assert (response.status_code, response["Location"]) == (302, f"{SIGN_IN}?next={address}")
    told = Browser().post(address, headers=HTMX)
    assert (told["HX-Redirect"], told.content) == (f"{SIGN_IN}?next={address}", b"")


@pytest.mark.parametrize("action", [*ACTIONS, "/client/milestones/celebrated"])
def test_following_the_address_changes_nothing_and_leads_to_the_page(ada: Client, action: str) -> None:
    pk = add_insight(ada).pk if "insights" in action else add_task(ada).pk
    browser = signed_in(ada)
    response = browser.get(action.format(pk))
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert browser.put(action.format(pk)).status_code == 405
    with all_organizations():
        assert not Insight.objects.exclude(status="unread").exists()
        assert not Task.objects.exclude(status="todo").exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_staff_and_strangers_can_do_nothing(ada: Client, action: str) -> None:
    address = action.format(add_insight(ada).pk)
    staff = MembershipFactory.create(organization=ada.organization).user
    browser = sign_in(Browser(), staff)
    assert browser.post(address).status_code == 403
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(status=Client.Status.ARCHIVED)
    assert signed_in(ada).post(address).status_code == 404


def test_a_forged_form_is_refused(ada: Client) -> None:
    browser = sign_in(Browser(enforce_csrf_checks=True), ada.user)
    assert browser.post(f"/client/insights/{add_insight(ada).pk}/dismiss").status_code == 403
