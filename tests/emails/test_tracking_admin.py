"""What staff see of what became of mails."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations
from emails.models import MailActivity, OutboxEmail
from tests.factories import MembershipFactory, UserFactory
from tests.sessions import sign_in

LIST = reverse("admin:emails_mailactivity_changelist")


def mail_of(organization: Organization, *facts: tuple[str, bool], subject: str = "Your week") -> OutboxEmail:
    now = timezone.now()
    with all_organizations():
        mail = OutboxEmail.objects.create(
            organization=organization, kind="weekly-success", key=str(uuid4()), to_address="ada@example.com", text="",
            subject=subject, uid=uuid4(), links=["https://a.example/"], status="sent", sent_at=now, queued_at=now,
            next_attempt_at=now,
        )  # fmt: skip
        for number, (kind, is_automatic) in enumerate(facts):
            MailActivity.objects.create(
                organization=organization, email=mail, kind=kind, source="own", at=now, is_automatic=is_automatic,
                link="https://a.example/" if kind == "clicked" else "", event_key=str(number),
                detail="Security scanner" if is_automatic else "",
            )  # fmt: skip
    return mail


@pytest.fixture
def staff(organization: Organization) -> Browser:
    return sign_in(Browser(), MembershipFactory.create(organization=organization, role=Membership.Role.STAFF).user)


def figures(page: Any) -> list[tuple[Any, ...]]:
    return [
        (line.title, line.sent, *((share.count, share.whole, share.aside) for share in line.shares), line.lost)
        for _, lines in page.context["mail_weeks"]
        for line in lines
    ]


def test_the_figures_are_those_of_ones_own_organization(
    staff: Browser, organization: Organization, outsider: Organization
) -> None:
    mail_of(organization, ("opened", True), ("clicked", False), ("unsubscribed", False))
    mail_of(organization, ("opened", False))
    mail_of(outsider, ("opened", False), ("bounced", False), subject="Theirs")
    page = staff.get(LIST)
    assert figures(page) == [
        (
            "Weekly summary", 2, (0, 0, ""), (1, 2, "1 more by machines only"), (1, 2, ""), "1 unsubscribed",
        )
    ]  # fmt: skip
    assert "Theirs" not in page.content.decode()
    assert "not measured" in page.content.decode()


def test_an_operator_sees_the_figures_of_all(organization: Organization, outsider: Organization) -> None:
    mail_of(organization), mail_of(outsider)
    browser = sign_in(Browser(), UserFactory.create(is_staff=True, is_superuser=True))
    assert [sent for _, sent, *_ in figures(browser.get(LIST))] == [2]


def test_who_filters_is_shown_the_list_alone(staff: Browser, organization: Organization) -> None:
    mail_of(organization, ("opened", True), ("clicked", False))
    page = staff.get(f"{LIST}?kind__exact=clicked")
    assert "mail_weeks" not in page.context
    assert page.context["cl"].result_count == 1


def test_the_page_of_a_mail_tells_what_became_of_it(staff: Browser, organization: Organization) -> None:
    mail = mail_of(organization, ("opened", True), ("clicked", False))
    page = staff.get(reverse("admin:emails_outboxemail_change", args=[mail.pk]))
    content = page.content.decode()
    assert page.status_code == 200
    assert "a machine: Security scanner" in content
    assert "probably a person" in content
    assert content.count("https://a.example/") == 1


def test_nobody_writes_what_became_of_a_mail(staff: Browser, organization: Organization) -> None:
    mail_of(organization, ("opened", True))
    with all_organizations():
        row = MailActivity.objects.get()
    addresses = [reverse(f"admin:emails_mailactivity_{page}", args=[row.pk]) for page in ("change", "delete")]
    posted = [staff.post(address, {"kind": "clicked", "post": "yes"}).status_code for address in addresses]
    assert posted == [403, 403]
    assert staff.get(reverse("admin:emails_mailactivity_add")).status_code == 403
    with all_organizations():
        assert MailActivity.objects.get().kind == "opened"


def test_empty_figures_say_so(staff: Browser) -> None:
    assert "No mail was sent in these weeks." in staff.get(LIST).content.decode()
