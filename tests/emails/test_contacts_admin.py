from typing import Any

import pytest
from django.test import Client as Browser

from accounts.models import Client, Membership, Organization
from accounts.tenancy import organization_scope
from emails.kinds import FEEDBACK_REQUEST
from emails.models import Contact
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.emails.asked_clients import add_client, decide, queue

LIST = "/admin/emails/contact/"


@pytest.fixture
def ada(organization: Organization, outsider: Organization) -> Client:
    """Ada gets her weekly mail, Bob was never asked; the outsider has an Ada too."""
    with organization_scope(outsider.pk):
        add_client(outsider, external_id="ada", name="Other Ada", email="ada@example.org")
        decide(outsider)
    with organization_scope(organization.pk):
        made = add_client(organization, external_id="ada", name="Ada", email="ada@example.org")
        add_client(organization, external_id="bob", name="Bob", is_asked=False)
        queue(decide(organization), subject="Your week")
        decide(organization, kind=FEEDBACK_REQUEST, clients=[made.pk])
    return made


@pytest.fixture
def staff(organization: Organization, ada: Client) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def shown(browser: Browser, **parameters: Any) -> list[tuple[str, str, str]]:
    response = browser.get(LIST, parameters)
    assert response.status_code == 200
    return [(str(row.client), row.kind, row.reason) for row in response.context["cl"].result_list]


ADAS_WEEK = ("Ada", "weekly-success", "")
ADAS_QUESTION = ("Ada", "feedback-request", "not_asked")
BOBS_WEEK = ("Bob", "weekly-success", "not_asked")


def test_staff_see_who_gets_what_and_why_not(staff: Browser) -> None:
    page = staff.get(LIST).content.decode()
    for told in ("Weekly summary", "Never asked for consent", "Question about the experience", "Planned", "Not sent"):
        assert told in page
    assert shown(staff) == [ADAS_QUESTION, BOBS_WEEK, ADAS_WEEK]


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        ({"status": "planned"}, [ADAS_WEEK]),
        ({"status": "skipped"}, [ADAS_QUESTION, BOBS_WEEK]),
        ({"status": "failed"}, []),
        ({"reason": "not_asked"}, [ADAS_QUESTION, BOBS_WEEK]),
        ({"reason": "budget"}, []),
        ({"kind": "weekly-success"}, [BOBS_WEEK, ADAS_WEEK]),
        ({"kind": "weekly-success", "reason": "not_asked"}, [BOBS_WEEK]),
        ({"channel__exact": "sms"}, []),
        ({"q": "ada"}, [ADAS_QUESTION, ADAS_WEEK]),
        ({"q": " ADA@example.org "}, [ADAS_QUESTION, ADAS_WEEK]),
        ({"q": "nobody"}, []),
        ({"q": "' OR 1=1 --"}, []),
        ({"status": "nonsense"}, []),
    ],
)
def test_the_list_is_narrowed(staff: Browser, chosen: dict[str, str], rows: list[Any]) -> None:
    assert shown(staff, **chosen) == rows


def test_every_state_is_told_in_words(staff: Browser, ada: Client) -> None:
    for status, label in Contact.Status.choices:
        with organization_scope(ada.organization_id):
            reason = "late" if status == "skipped" else ""
            Contact.objects.filter(client=ada, kind="weekly-success").update(status=status, reason=reason)
        row = staff.get(LIST, {"q": "ada", "kind": "weekly-success"}).content.decode().partition("<tbody")[2]
        assert str(label) in row


def test_an_operator_sees_all(staff: Browser) -> None:
    assert ("Other Ada", "weekly-success", "") in shown(operators_browser())
    assert len(shown(operators_browser(), q="ada")) == 3


def test_a_page_tells_everything_about_one(staff: Browser, ada: Client) -> None:
    with organization_scope(ada.organization_id):
        contact = Contact.objects.get(client=ada, kind="weekly-success")
        [mail] = contact.mails.all()
    page = staff.get(f"{LIST}{contact.pk}/change/").content.decode()
    assert "(&#x27;" not in page
    assert f'href="/admin/emails/outboxemail/{mail.pk}/change/">Your week</a>' in page
    assert f'href="/admin/accounts/client/{ada.pk}/change/">Ada</a>' in page


def test_nobody_writes_the_ledger(staff: Browser, ada: Client) -> None:
    with organization_scope(ada.organization_id):
        contact = Contact.objects.filter(client=ada).latest("pk")
    for browser in (staff, operators_browser()):
        for place in ("add/", f"{contact.pk}/change/", f"{contact.pk}/delete/"):
            assert browser.post(f"{LIST}{place}", {"post": "yes", "status": "sent"}).status_code == 403
