import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.delivery import deliver_all
from emails.models import Contact
from tests.accounts.admin_pages import audited
from tests.factories import ClientFactory, MembershipFactory, UserFactory
from tests.sessions import sign_in
from tests.success.access import NEW, PASSWORD, link_in, mails, stranger, user_of

ASK = "/client/forgotten-password"
OLD = "correct horse battery"
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.fixture
def ada(organization: Organization, outsider: Organization) -> Client:
    """With a login whose address is another one than what applications say of the client."""
    user = UserFactory.create(username="ada", email="ada@example.com")
    made: Client = ClientFactory.create(organization=organization, user=user, email="sent-by-an-app@example.com")
    return made


def ask(identifier: str, browser: Browser | None = None) -> Any:
    return (browser or stranger()).post(ASK, {"identifier": identifier})


def choose(link: str) -> Any:
    browser = stranger()
    return browser.post(browser.get(link).headers["Location"], NEW)


@pytest.mark.parametrize("identifier", ["ada", "ADA@Example.com", " ada "])
def test_a_link_goes_to_the_logins_own_address(ada: Client, identifier: str) -> None:
    assert ask(identifier).headers["Location"] == f"{ASK}/sent"
    [mail] = mails()
    assert mail.to_address == "ada@example.com"
    assert choose(link_in(mail)).headers["Location"] == "/client/sign-in"
    assert stranger().login(username="ada", password=PASSWORD)


@pytest.mark.parametrize(
    "identifier", ["nobody", "sent-by-an-app@example.com", "operator", "retired", "lost", "bare", "unreachable"]
)
def test_whoever_gets_none_is_answered_the_same(ada: Client, identifier: str) -> None:
    UserFactory.create(username="operator", email="op@example.com", is_superuser=True)
    UserFactory.create(username="lost", email="lost@example.com")
    MembershipFactory.create(user__username="unreachable", user__email='"a, b"@example.com')
    for name, fields in (("retired", {"user__is_active": False}), ("bare", {"user__email": ""})):
        MembershipFactory.create(user__username=name, **{"user__email": f"{name}@example.com"} | fields)
    known, unknown = ask("ada"), ask(identifier)
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert [mail.to_address for mail in mails()] == ["ada@example.com"]


def test_for_nobody_as_much_is_done_as_for_somebody(ada: Client, django_assert_max_num_queries: Any) -> None:
    counts = []
    for identifier in ("ada", "nobody"):
        with django_assert_max_num_queries(60) as queries:
            ask(identifier)
        counts.append(len(queries))
    assert abs(counts[0] - counts[1]) <= 3


def test_a_member_gets_a_link_too(organization: Organization) -> None:
    MembershipFactory.create(organization=organization, user__username="eve", user__email="eve@example.com")
    ask("eve")
    assert choose(link_in(mails()[0])).headers["Location"] == "/admin/login/"


def test_what_goes_to_a_client_stands_in_the_ledger(ada: Client, organization: Organization) -> None:
    MembershipFactory.create(organization=organization, user__username="eve", user__email="eve@example.com")
    for identifier in ("ada", "eve", "nobody"):
        ask(identifier)
    with all_organizations():
        contacts = list(Contact.objects.values_list("client", "kind", "status", "is_budgeted", "category", "mails"))
    assert contacts == [(ada.pk, "password_link", "planned", False, "", mails()[0].pk)]


def test_logins_of_one_address_get_a_link_each(ada: Client, organization: Organization) -> None:
    user = UserFactory.create(username="grace", email="ada@example.com")
    ClientFactory.create(organization=organization, user=user)
    ask("ada@example.com")
    assert [mail.text.partition("user name is ")[2].splitlines()[0] for mail in mails()] == ["ada.", "grace."]


def test_one_mail_in_ten_minutes_however_often_it_is_asked_for(ada: Client) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            ask("ada")
        clock.shift(timedelta(minutes=10))
        ask("ada@example.com")
    assert len(mails()) == 2


@pytest.mark.parametrize("names", [["ada"] * 6, [f"name-{n}" for n in range(6)]], ids=["one name", "many names"])
def test_asking_on_and_on_must_wait(ada: Client, names: list[str]) -> None:
    browser = stranger()
    *answers, refused = [ask(name, browser) for name in names]
    assert ({answer.status_code for answer in answers}, refused.status_code) == ({302}, 429)
    assert 1 <= int(refused["Retry-After"]) <= 31
    assert "Too many attempts. Please wait 1 minute" in refused.content.decode()


@pytest.mark.parametrize("identifier", ["", "a\0b", "x" * 255])
def test_what_is_no_name_is_asked_for_again(db: None, identifier: str) -> None:
    assert ask(identifier).status_code == 200
    assert mails() == []


def test_the_link_works_once(ada: Client) -> None:
    ask("ada")
    link = link_in(mails()[0])
    choose(link)
    assert "This link does not work any more" in stranger().get(link).content.decode()


def change(browser: Browser, old: str = OLD, **fields: str) -> Any:
    return browser.post("/client/password", {"old_password": old} | NEW | fields)


def signed_in(client: Client) -> Browser:
    return sign_in(stranger(), client.user)


def test_a_changed_password_ends_the_other_sessions(ada: Client, organization: Organization) -> None:
    here, elsewhere = signed_in(ada), signed_in(ada)
    assert change(here).headers["Location"] == "/client/preferences"
    assert "Your password is changed" in here.get("/client/preferences").content.decode()
    assert elsewhere.get("/client/preferences").status_code == 302
    assert audited(organization) == [("client.password_changed", {})]


@pytest.mark.parametrize(
    "wrong", [{"old": "wrong"}, {"new_password1": "other"}, {"new_password1": "1", "new_password2": "1"}]
)
def test_a_password_is_not_changed_by_mistake(ada: Client, wrong: dict[str, str]) -> None:
    answer = change(signed_in(ada), **wrong)
    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (200, True)
    assert stranger().login(username="ada", password=OLD)


def test_guessing_the_present_password_must_wait(ada: Client) -> None:
    browser = signed_in(ada)
    for _ in range(5):
        change(browser, old="wrong")
    assert change(browser).status_code == 429
    assert stranger().login(username="ada", password=OLD)


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail needs."""

    received: list[tuple[bytes, EmailMessage]]

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        to = b""
        while line := self.rfile.readline():
            verb = line[:4].upper()
            to = line.strip() if verb == b"RCPT" else to
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                message = message_from_bytes(b"".join(lines), policy=policy.default)
                self.received.append((to, message))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def smtp(settings: Settings) -> Iterator[list[tuple[bytes, EmailMessage]]]:
    handler = type("OwnMailbox", (Mailbox,), {"received": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler.received  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def test_a_new_password_by_way_of_a_mail_server(ada: Client, smtp: list[tuple[bytes, EmailMessage]]) -> None:
    with all_organizations():
        Organization.objects.filter(pk=ada.organization_id).update(name="Ärger\r\nBcc: x@example.com")
    ask("ada")
    assert deliver_all(seconds=5) == 1
    [(to, message)] = smtp
    assert (to.upper(), message["To"], message["Bcc"]) == (b"RCPT TO:<ADA@EXAMPLE.COM>", "ada@example.com", None)
    assert message["Subject"] == "A new password for Ärger Bcc: x@example.com"
    text = message.get_body(("plain",))
    assert text is not None
    link = next(line for line in text.get_content().splitlines() if line.startswith("http"))
    choose("/" + link.split("/", 3)[3])
    browser = stranger()
    browser.post("/client/sign-in", {"username": "ada", "password": PASSWORD})
    assert user_of(browser) == ada.user
