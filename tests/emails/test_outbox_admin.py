"""The list of sent mail, and what people decide there."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import AuditEntry, Client, Membership, Organization, User
from accounts.tenancy import all_organizations
from emails.models import OutboxEmail
from emails.preference_links import preferences_url, unsubscribe_url
from tests.emails.outgoing import NOW, queue, rows
from tests.factories import MembershipFactory, UserFactory
from tests.sessions import sign_in

LIST = reverse("admin:emails_outboxemail_changelist")


@pytest.fixture
def member(organization: Organization) -> User:
    user: User = MembershipFactory.create(organization=organization, role=Membership.Role.STAFF).user
    return user


@pytest.fixture
def at_desk(browser: Browser, member: User) -> Browser:
    return sign_in(browser, member)


def page_of(email: OutboxEmail) -> str:
    return reverse("admin:emails_outboxemail_change", args=[email.pk])


def set_state(email: OutboxEmail, status: str, **facts: Any) -> None:
    with all_organizations():
        OutboxEmail.objects.filter(pk=email.pk).update(status=status, **facts)


def listed(browser: Browser, **query: str) -> list[str]:
    shown = browser.get(LIST, query)
    assert shown.status_code == 200
    return [email.key for email in shown.context["cl"].result_list]


def test_members_see_their_own_organizations_mails(
    at_desk: Browser, organization: Organization, outsider: Organization
) -> None:
    queue(key="ours", organization_id=organization.pk)
    theirs = queue(key="theirs", organization_id=outsider.pk)
    installations = queue(key="operators'")
    assert listed(at_desk) == ["ours"]
    assert [at_desk.get(page_of(email)).status_code for email in (theirs, installations)] == [302, 302]


def test_operators_see_all(browser: Browser, organization: Organization, outsider: Organization) -> None:
    for key, each in (("1", organization.pk), ("2", outsider.pk), ("3", None)):
        queue(key=key, organization_id=each)
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    assert listed(browser) == ["3", "2", "1"]


def test_nobody_chooses_in_the_clients_name_by_a_link_of_its_mail(
    at_desk: Browser, organization: Organization, client_of_acme: Client
) -> None:
    links = [
        preferences_url(organization.pk, client_of_acme.pk),
        unsubscribe_url(organization.pk, client_of_acme.pk, "weekly"),
    ]
    text = "Choose:\n{}\nNo more:\n{}\nhttps://app.example/tasks/4?page=2".format(*links)
    html = '<p>Choose <a href="{}">here</a>, <a href="{}">no more</a>'.format(*links)
    page = at_desk.get(page_of(queue(organization_id=organization.pk, text=text, html=html))).content.decode()
    assert [link.rpartition("/")[2] in page for link in links] == [False, False]
    assert [page.count(f"/mail/{name}/…") for name in ("preferences", "unsubscribe")] == [2, 2]
    assert "https://app.example/tasks/4?page=2" in page


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(at_desk: Browser, organization: Organization) -> None:
    html = '<script>alert(1)</script><img src="https://x.example/pixel">"></iframe><b onclick=a()>Hello</b>'
    email = queue(organization_id=organization.pk, html=html, text="Hello <b>", subject="<i>Week</i>")
    page = at_desk.get(page_of(email)).content.decode()
    frame = page[page.index("<iframe") : page.index("</iframe>")]
    assert 'sandbox referrerpolicy="no-referrer"' in frame
    assert "default-src &#x27;none&#x27;" in frame
    assert "&lt;script&gt;alert(1)" in frame
    assert "<script>alert(1)" not in page
    assert "Hello &lt;b&gt;</pre>" in page
    assert "<i>Week</i>" not in page


@pytest.mark.parametrize("is_operator", [True, False])
def test_nobody_reads_a_mail_that_gives_access(
    browser: Browser, member: User, organization: Organization, is_operator: bool
) -> None:
    secret = "https://mainstay.example/client/password/abc"
    email = queue(
        organization_id=organization.pk, kind="password_link", subject="Your link", text=secret,
        html=f"<a href={secret}>", is_secret=True,
    )  # fmt: skip
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True) if is_operator else member)
    page = browser.get(page_of(email)).content.decode()
    assert ("Your link" in page, "Forgotten password" in page, "password/abc" in page) == (True, True, False)
    assert "password/abc" not in browser.get(LIST).content.decode()


def test_mails_are_found_by_state_kind_address_client_and_id(
    at_desk: Browser, organization: Organization, client_of_acme: Client
) -> None:
    weekly = queue(
        key="weekly", organization_id=organization.pk, client_id=client_of_acme.pk, kind="weekly-success",
        to_address="mara@example.com",
    )  # fmt: skip
    notice = queue(key="notice", organization_id=organization.pk, kind="critical_alerts")
    set_state(weekly, "sent", provider_id="abc-1")
    assert listed(at_desk, status__exact="sent") == ["weekly"]
    assert [listed(at_desk, kind=kind) for kind in ("weekly-success", "notices", "password_link")] == [
        ["weekly"], ["notice"], [],
    ]  # fmt: skip
    for term in ("mara@example.com", "user-1", "abc-1", f"<{weekly.uid.hex}@localhost>"):
        assert listed(at_desk, q=term) == ["weekly"]
    assert listed(at_desk, q=str(notice.uid)) == ["notice"]
    assert listed(at_desk, q="x" * 5_000) == []


def test_uncertain_mail_is_settled_by_hand(
    at_desk: Browser, member: User, organization: Organization, outsider: Organization
) -> None:
    emails = [queue(key=key, organization_id=organization.pk) for key in "12"]
    emails.append(queue(key="3", organization_id=outsider.pk))
    for email in emails:
        set_state(email, "uncertain", error="The sender was killed while handing it over.", doubtful_since=NOW)
    chosen = [str(email.pk) for email in emails]
    for action, ids in (("it_was_sent", [chosen[0], chosen[2]]), ("send_it_again", chosen)):
        answer = at_desk.post(LIST, {"action": action, "_selected_action": ids}, follow=True)
        assert "1 mail was changed" in answer.content.decode()
    assert rows("status", "doubtful_since") == [("sent", NOW), ("pending", None), ("uncertain", NOW)]
    with all_organizations():
        entries = set(AuditEntry.objects.values_list("action", "subject", "actor"))
    assert entries == {
        ("mail.settled_as_sent", f"emails.OutboxEmail:{chosen[0]}", member.pk),
        ("mail.sent_again", f"emails.OutboxEmail:{chosen[1]}", member.pk),
    }


def test_the_list_says_why_a_mail_was_not_sent(at_desk: Browser, organization: Organization) -> None:
    set_state(queue(key="1", organization_id=organization.pk), "skipped", error="late")
    set_state(queue(key="2", organization_id=organization.pk), "failed", error="SMTPDataError 554")
    page = at_desk.get(LIST).content.decode()
    assert [text in page for text in ("Not sent", "Too late to be of use", "SMTPDataError 554")] == [True] * 3


def test_the_list_reads_no_bodies(at_desk: Browser, organization: Organization) -> None:
    queue(organization_id=organization.pk, html="x")
    [email] = at_desk.get(LIST).context["cl"].result_list
    assert email.get_deferred_fields() == {"text", "html", "headers", "links"}
