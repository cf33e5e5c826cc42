from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.addresses import one_line, validate_one_address
from emails.identity import message_id_of, uid_of
from emails.models import OutboxEmail
from emails.outbox import NOTICE, queue_mails
from tests.emails.outgoing import NOW, mail, queue, queue_one, rows, the_email
from tests.factories import ClientFactory

WRONG_ADDRESSES = [
    "",
    "nobody",
    "a@example.com, b@example.com",
    "a@example.com,b@example.com",
    "a@example.com;b@example.com",
    "a@example.com b@example.com",
    "a@example.com\nBcc: b@example.com",
    "a@example.com\r",
    "a@example.com\0",
    "<a@example.com>",
    "A <a@example.com>",
    '"a@example.com,b"@example.com',
    '"a b"@example.com',
    "a(b)@example.com",
    "a@b@example.com",
    "a%b@c@example.com",
    "@other.example:a@example.com",
    "a@[127.0.0.1]",
    "a@example",
    "a@.example.com",
    "ä@example.com",
    "\N{LATIN SMALL LETTER LONG S}@example.com",
    "\N{KELVIN SIGN}@example.com",
    "a\N{FULLWIDTH COMMERCIAL AT}example.com",
    f"{'a' * 65}@example.com",
    f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.example",
    "a\u200b@example.com",
]


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_what_is_not_exactly_one_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        queue_mails([mail(), mail(key="2", to_address=address)])


@pytest.mark.parametrize(
    "address",
    ["a@example.com", "O'Hara+1@sub.example.co", "a.b_c-d=e@localhost", "info@bücher.example", "1@xn--p1ai.ru"],
)
def test_one_address_is_taken(address: str) -> None:
    validate_one_address(address)


@pytest.mark.usefixtures("db")
def test_a_mail_is_queued_as_it_was_given(organization: Organization, client_of_acme: Client) -> None:
    given = mail(
        organization_id=organization.pk, client_id=client_of_acme.pk, kind="weekly-success", key="2026-11-16",
        to_address="mara@example.com", to_name="Mara", from_name="Acme", subject="Your week 🎉", text="Hello\r\n",
        html="<p>Hello", category="weekly", priority=40, headers={"List-Unsubscribe": "<https://acme.example/u>"},
        links=("https://acme.example/",), due_at=NOW + timedelta(hours=1), valid_until=NOW + timedelta(days=2),
    )  # fmt: skip
    assert queue_mails([given]) == 1
    email = the_email()
    as_given = {name: getattr(email, name) for name in given.__slots__ if name not in {"links", "due_at"}}
    assert as_given == {name: getattr(given, name) for name in as_given}
    assert (email.links, email.next_attempt_at) == (["https://acme.example/"], given.due_at)
    assert email.uid == uid_of(organization.pk, kind=given.kind, key=given.key, to_address=given.to_address)
    assert (email.status, email.attempt, email.retries, email.sent_at) == ("pending", 0, 0, None)


@pytest.mark.usefixtures("db")
def test_a_mail_is_queued_once_for_its_key_and_address(organization: Organization, outsider: Organization) -> None:
    mails = [mail(organization_id=each, key=key) for each in (organization.pk, outsider.pk, None) for key in "12"]
    assert [queue_mails(mails), queue_mails(mails), queue_mails([mails[0], mail(key="3")])] == [6, 0, 1]
    assert queue_mails([replace(mails[0], subject="Another", to_address="other@example.com")]) == 1
    assert queue_mails([]) == 0


@pytest.mark.usefixtures("db")
def test_a_thousand_mails_are_one_statement() -> None:
    def statements(count: int, *, kind: str) -> int:
        mails = [mail(kind=kind, key=str(number)) for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert queue_mails(mails) == count
        return len(queries)

    assert statements(1, kind="one") == statements(1_000, kind="many") == 5


@pytest.mark.usefixtures("db")
def test_control_characters_do_not_reach_the_head_nor_the_database() -> None:
    turned = "\N{RIGHT-TO-LEFT OVERRIDE}"
    queue(
        subject=f"Late\r\nBcc: x@example.com\0\N{LINE SEPARATOR}{turned}end {'x' * 300}",
        to_name='Mara\n"<x@example.com>"', from_name="A\tB\x1b", text="a\0b\ud800", html="<p>\0",
    )  # fmt: skip
    [(subject, to_name, from_name, text, html)] = rows("subject", "to_name", "from_name", "text", "html")
    assert subject == f"Late Bcc: x@example.com end {'x' * 300}"[:255]
    assert (to_name, from_name) == ('Mara "<x@example.com>"', "A B")
    assert (text, html) == ("ab?", "<p>")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Note": "a\r\nBcc: x@example.com"},
        {"X-Note": "a\0"},
        {"X-Note\r\nBcc": "x@example.com"},
        {"X Note": "a"},
        {"": "a"},
        {"Bcc": "x@example.com"},
        {"to": "x@example.com"},
        {"Message-Id": "<x@example.com>"},
        {"Content-Type": "text/html"},
        {"Resent-To": "x@example.com"},
    ],
)
def test_headers_that_would_not_stay_one_line_or_add_recipients_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        queue_mails([mail(headers=headers)])


def test_one_line_keeps_what_names_are_made_of() -> None:
    name = "Zoë 👩\N{ZERO WIDTH JOINER}💻 محمد =SUM(A1) <b>"
    assert one_line(f" {name}\n", longest=200) == name


def test_a_mails_name_follows_from_what_it_is_and_from_the_secret(settings: Settings) -> None:
    facts: dict[str, Any] = {"kind": "weekly", "key": "1", "to_address": "a@example.com"}
    others = [uid_of(2, **facts), uid_of(None, **facts)]
    others += [uid_of(1, **facts | {name: "other@example.com"}) for name in facts]
    uid = uid_of(1, **facts)
    settings.SECRET_KEY = "another"
    assert len({uid, *others, uid_of(1, **facts)}) == 7


def test_the_message_id_is_of_the_senders_domain(settings: Settings) -> None:
    uid = UUID(int=5)
    settings.DEFAULT_FROM_EMAIL = "Bücher <post@bücher.example>"
    assert message_id_of(uid) == f"<{'0' * 31}5@xn--bcher-kva.example>"


@pytest.mark.usefixtures("db")
def test_a_notice_goes_before_weekly_mails_and_once() -> None:
    assert (queue_one(), queue_one(), queue_one("2")) == (True, False, True)
    assert rows("priority", "is_secret") == [(NOTICE, False)] * 2


def test_a_mail_belongs_to_its_organization_alone(organization: Organization, outsider: Organization) -> None:
    queue(organization_id=organization.pk)
    with all_organizations():
        assert OutboxEmail.objects.filter(organization=outsider).count() == 0


def test_clients_answer_to_the_organization_where_it_says_so(
    organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(reply_to="desk@acme.example")
    to_client = {"organization_id": organization.pk, "client_id": client_of_acme.pk}
    own, theirs = {"X-Mail": "1"}, ClientFactory.create(organization=outsider)
    queue_mails(
        [
            mail(key="answered", **to_client, headers=own),
            mail(key="by itself", **to_client, headers={"Reply-To": "other@acme.example"}),
            mail(key="to staff", organization_id=organization.pk, headers=own),
            mail(key="of another", organization_id=outsider.pk, client_id=theirs.pk),
            mail(key="to operators"),
        ]
    )
    assert dict(rows("key", "headers")) == {
        "answered": {"Reply-To": "desk@acme.example", **own},
        "by itself": {"Reply-To": "other@acme.example"},
        "to staff": own,
        "of another": {},
        "to operators": {},
    }
