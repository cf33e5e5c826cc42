from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Client, Invitation, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import preferences_of
from emails.models import Consent, Contact
from success.client_access.invitations import (
    ClosedError,
    InvitationUsedError,
    NoAddressError,
    NotTheirLoginError,
    accept_invitation,
    invite_client,
    open_invitation,
)
from telemetry.models import Event
from tests.accounts.admin_pages import audited, browser_of, operators_browser
from tests.factories import MembershipFactory, OrganizationFactory, UserFactory
from tests.success.access import NEW, PASSWORD, client_with_address, link_in, mails, reread, stranger, user_of

PLACE = "/admin/accounts/client/"
BUTTON = {"accounts_client_invite": "1"}
NO_DATE = {"signed_up_at_0": "", "signed_up_at_1": ""}
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.fixture
def ada(organization: Organization, outsider: Organization) -> Client:
    return client_with_address(organization=organization)


@pytest.fixture
def staff(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def press_invite(browser: Browser, client: Client) -> Any:
    form = {"name": client.name, "email": client.email, "status": client.status}
    return browser.post(f"{PLACE}{client.pk}/change/", form | NO_DATE | BUTTON, follow=True)


def invite(client: Client, *, at: datetime) -> str:
    """Gives the link."""
    invite_client(client, actor=UserFactory.create(), at=at)
    return link_in(mails()[-1])


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def events(organization: Organization) -> list[tuple[str, str]]:
    with all_organizations():
        found = Event.objects.filter(organization=organization, name__startswith="invite_").order_by(
            "received_at", "id"
        )
        return list(found.values_list("name", "client__external_id"))


@pytest.mark.usefixtures("committed_db")
def test_an_invited_client_comes_in() -> None:
    """From the button over the mail to the page, and what is recorded on the way."""
    organization = OrganizationFactory.create(name="Acme\nGmbH & Co")
    client = client_with_address(organization=organization)
    page = press_invite(browser_of(organization, Membership.Role.STAFF), client)
    assert "Invitation on its way to ada@example.com" in page.content.decode()
    [mail] = mails()
    assert (mail.to_address, mail.subject) == ("ada@example.com", "Acme GmbH & Co invites you")
    assert "Your user name is ada@example.com." in mail.text
    assert "Acme GmbH &amp; Co" in mail.html
    browser, link = stranger(), link_in(mail)
    assert "ada@example.com" in browser.get(link).content.decode()
    assert browser.post(link, NEW).headers["Location"] == "/client/dashboard/success"
    assert browser.get("/client/dashboard/success").status_code == 200
    assert stranger().login(username="ada@example.com", password=PASSWORD)
    assert events(organization) == [("invite_sent", "ada"), ("invite_accepted", "ada")]
    actions = [action for action, _ in audited(organization)]
    assert actions == ["client.login_created", "client.invite_sent", "client.invite_accepted"]


def test_each_invitation_stands_in_the_ledger(ada: Client) -> None:
    for hours in (0, 1):
        invite(ada, at=NOW + timedelta(hours=hours))
    with all_organizations():
        contacts = list(Contact.objects.order_by("pk").values_list("client", "kind", "priority", "due_at", "mails"))
    assert contacts == [
        (ada.pk, "client_invitation", mail.priority, NOW + timedelta(hours=number), mail.pk)
        for number, mail in enumerate(mails())
    ]


def test_a_link_works_once(ada: Client) -> None:
    link = invite(ada, at=datetime.now(UTC))
    stranger().post(link, NEW)
    for method in ("get", "post"):
        again = stranger()
        answer = getattr(again, method)(
            link, {"new_password1": "another passphrase", "new_password2": "another passphrase"}
        )
        assert (answer.status_code, user_of(again)) == (410, None)
    assert "/client/forgotten-password" in answer.content.decode()
    user = reread(ada).user
    assert user is not None
    assert user.check_password(PASSWORD)


def test_a_newer_invitation_replaces_the_former(ada: Client) -> None:
    former, newer = invite(ada, at=NOW), invite(ada, at=NOW + timedelta(seconds=1))
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert [stranger().get(link).status_code for link in (former, newer)] == [410, 200]


def test_a_link_works_for_seven_days(ada: Client) -> None:
    token = token_of(invite(ada, at=NOW))
    week = timedelta(days=7)
    assert open_invitation(token, at=NOW + week - timedelta(seconds=1))
    assert open_invitation(token, at=NOW + week) is None


@pytest.mark.parametrize("token", ["x", "a" * 5000, "%00", "%F0%9F%98%80", "..%2f.."])
def test_a_made_up_link_leads_nowhere(ada: Client, token: str) -> None:
    real = invite(ada, at=datetime.now(UTC))
    assert stranger().get(f"/invitation/{token}").status_code in (404, 410)
    assert stranger().get(real[:-1]).status_code == 410


def test_a_weak_password_changes_nothing(ada: Client) -> None:
    link = invite(ada, at=datetime.now(UTC))
    browser = stranger()
    answer = browser.post(link, {"new_password1": "12345678", "new_password2": "12345678"})
    assert (answer.status_code, user_of(browser)) == (200, None)
    assert stranger().post(link, NEW).status_code == 302


def test_accepting_makes_the_address_that_of_the_login(ada: Client) -> None:
    invite(ada, at=NOW)
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(email="new@example.com")
    link = invite(ada, at=datetime.now(UTC))
    assert mails()[-1].to_address == "new@example.com"
    stranger().post(link, NEW)
    user = reread(ada).user
    assert user is not None
    assert user.email == "new@example.com"


def test_a_session_from_before_does_not_go_on(ada: Client, organization: Organization) -> None:
    link = invite(ada, at=datetime.now(UTC))
    planted, of_staff = stranger(), browser_of(organization, Membership.Role.STAFF)
    planted.get("/client/sign-in")
    planted.session.save()
    session = planted.session
    session["planted"] = "yes"
    session.save()
    planted.cookies["sessionid"] = str(session.session_key)
    planted.post(link, NEW)
    assert planted.session.session_key != session.session_key
    assert user_of(planted) == reread(ada).user
    link = invite(ada, at=datetime.now(UTC))
    of_staff.post(link, NEW)
    assert user_of(of_staff) == reread(ada).user
    assert of_staff.get("/admin/").status_code == 302


@pytest.mark.parametrize("address", ["", "nobody", "a@b.com, b@b.com", "a@b.com\nBcc: b@b.com", '"a, b"@b.com'])
def test_who_has_no_address_is_not_invited(ada: Client, address: str) -> None:
    with all_organizations():
        Client.objects.update(email=address)
    with pytest.raises(NoAddressError):
        invite_client(ada, actor=UserFactory.create(), at=NOW)
    assert (mails(), reread(ada).user) == ([], None)


@pytest.mark.parametrize(
    "change", [{"status": "archived"}, {"organization__status": "suspended"}, {"status": "archived", "email": ""}]
)
def test_who_is_not_open_is_not_invited_and_no_link_works(ada: Client, change: dict[str, str]) -> None:
    token = token_of(invite(ada, at=NOW))
    with all_organizations():
        if status := change.pop("organization__status", None):
            Organization.objects.filter(pk=ada.organization_id).update(status=status)
        Client.objects.filter(pk=ada.pk).update(**change)
    assert open_invitation(token, at=NOW) is None
    with pytest.raises(ClosedError):
        invite_client(ada, actor=UserFactory.create(), at=NOW)


def test_a_login_that_is_used_elsewhere_is_left_alone(ada: Client, outsider: Organization) -> None:
    token = token_of(invite(ada, at=NOW))
    MembershipFactory.create(organization=outsider, user=reread(ada).user)
    assert open_invitation(token, at=NOW) is None
    with pytest.raises(NotTheirLoginError):
        invite_client(ada, actor=UserFactory.create(), at=NOW)


def test_of_two_who_accept_at_once_one_comes_in(ada: Client) -> None:
    token = token_of(invite(ada, at=NOW))
    first, second = open_invitation(token, at=NOW), open_invitation(token, at=NOW)
    assert first
    assert second
    accept_invitation(first, password=PASSWORD, at=NOW)
    with pytest.raises(InvitationUsedError):
        accept_invitation(second, password="another passphrase", at=NOW)


@pytest.mark.usefixtures("committed_db")
def test_of_two_invitations_at_once_one_link_works() -> None:
    client, actor = client_with_address(organization=OrganizationFactory.create()), UserFactory.create()

    def invite_now(_: int) -> None:
        try:
            invite_client(client, actor=actor, at=datetime.now(UTC))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(invite_now, range(4)))
    statuses = sorted(stranger().get(link_in(mail)).status_code for mail in mails())
    assert statuses == [200, 410, 410, 410]
    with all_organizations():
        assert Invitation.objects.filter(replaced_at=None).count() == 1


def test_the_mail_is_in_the_clients_language(ada: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(language="de")
    invite(ada, at=NOW)
    assert '<html lang="de"' in mails()[-1].html


def test_the_chosen_clients_are_invited_together(staff: Browser, ada: Client, organization: Organization) -> None:
    grace = client_with_address(organization=organization, external_id="grace", email="grace@example.com")
    silent = [client_with_address(organization=organization, external_id=n, email="") for n in ("a", "b")]
    chosen = [client.pk for client in (ada, grace, *silent)]
    page = staff.post(PLACE, {"action": "invite_chosen", "_selected_action": chosen}, follow=True)
    assert "2 clients invited. Skipped 2: There is no email address" in page.content.decode()
    assert sorted(mail.to_address for mail in mails()) == ["ada@example.com", "grace@example.com"]


def test_staff_of_another_organization_invite_nobody(ada: Client, outsider: Organization) -> None:
    elsewhere = browser_of(outsider, Membership.Role.OWNER)
    press_invite(elsewhere, ada)
    elsewhere.post(PLACE, {"action": "invite_chosen", "_selected_action": [ada.pk], "select_across": "1"})
    assert [mail.to_address for mail in mails()] == []


def test_an_operator_invites_too(ada: Client) -> None:
    assert "Invitation on its way" in press_invite(operators_browser(), ada).content.decode()


def test_staff_are_told_why_not(staff: Browser, ada: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(email="")
    ada.email = ""
    assert "There is no email address" in press_invite(staff, ada).content.decode()


@pytest.mark.parametrize(("ticked", "agreed"), [({}, None), ({"weekly": "on"}, True)])
def test_whoever_accepts_may_ask_for_the_weekly_mail(ada: Client, ticked: dict[str, str], agreed: bool | None) -> None:
    path = invite(ada, at=timezone.now())
    page = stranger().get(path).content.decode()
    assert ('name="weekly"' in page, " checked" in page) == (True, False)
    stranger().post(path, NEW | ticked)
    with organization_scope(ada.organization_id):
        known = preferences_of(ada)[Category.WEEKLY]
        words = list(Consent.objects.values_list("source", "detail"))
    assert (known.is_agreed if known else None) == agreed
    assert words == ([("preferences", {"page": "invitation"})] if agreed else [])


def test_a_refused_password_keeps_the_tick_and_records_nothing(ada: Client) -> None:
    path = invite(ada, at=timezone.now())
    page = stranger().post(path, {"new_password1": "x", "new_password2": "y", "weekly": "on"}).content.decode()
    assert 'name="weekly" checked' in page
    with organization_scope(ada.organization_id):
        assert preferences_of(ada)[Category.WEEKLY] is None
