"""Real SMTP sessions with a server of our own."""

from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Organization
from emails.outbox import queue_mails
from proofs.mail.server import Mailbox, mail_server
from tests.emails.outgoing import mail, queue, rows, run_outbox

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def server(settings: Settings) -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        settings.EMAIL_BACKEND = "emails.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", mailbox.port, 2
        settings.DEFAULT_FROM_EMAIL = "Mainstay <post@mainstay.example>"
        yield mailbox


def test_a_weekly_mail_carries_its_headers(server: Mailbox, organization: Organization) -> None:
    unsubscribe = f"<https://mainstay.example/mail/u/{'x' * 90}>"
    email = queue(
        organization_id=organization.pk, kind="weekly-success", to_address="mara@example.com",
        to_name='Mara "M" Grün, <x@y.example>', from_name="Grüne Werkstatt", subject="Deine Woche: 82 von 100 🎉",
        text="Hallo Mara\n.\nTschüss", html="<p>Hallo 👋</p>",
        headers={"List-Unsubscribe": unsubscribe, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )  # fmt: skip
    assert run_outbox() == 1
    [message], [envelope] = server.messages, server.envelopes
    assert envelope == ("FROM:<post@mainstay.example>", ["TO:<mara@example.com>"])
    assert [(each.display_name, each.addr_spec) for each in message["To"].addresses] == [
        ('Mara "M" Grün, <x@y.example>', "mara@example.com")
    ]
    assert [(each.display_name, each.addr_spec) for each in message["From"].addresses] == [
        ("Grüne Werkstatt", "post@mainstay.example")
    ]
    assert message["Subject"] == "Deine Woche: 82 von 100 🎉"
    assert message["Message-ID"] == f"<{email.uid.hex}@mainstay.example>"
    assert message["List-Unsubscribe"].strip() == unsubscribe
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (message["Auto-Submitted"], message["Cc"], message["Bcc"]) == (None, None, None)
    assert message["Date"]
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n").strip() == "Hallo Mara\n.\nTschüss"
    assert html.get_content().strip() == "<p>Hallo 👋</p>"


def test_a_notice_says_that_nobody_wrote_it(server: Mailbox) -> None:
    queue()
    run_outbox()
    [message] = server.messages
    assert (message["Auto-Submitted"], parseaddr(message["From"])) == (
        "auto-generated",
        ("Mainstay", "post@mainstay.example"),
    )
    assert message.get_content_type() == "text/plain"


def test_an_international_domain_is_written_in_ascii(server: Mailbox) -> None:
    queue(to_address="info@bücher.example", to_name="Bücher")
    run_outbox()
    assert server.envelopes[0][1] == ["TO:<info@xn--bcher-kva.example>"]
    assert server.messages[0]["To"].addresses[0].addr_spec == "info@xn--bcher-kva.example"


def test_many_mails_share_a_connection(server: Mailbox) -> None:
    queue_mails([mail(key=str(number)) for number in range(25)])
    assert run_outbox() == 25
    assert (len(server.accepted), server.connections) == (25, 1)


@pytest.mark.parametrize(
    ("step", "answer", "state", "taken"),
    [
        ("connect", "drop", "retry", 0),
        ("connect", "554 go away", "retry", 0),
        ("mail", "drop", "retry", 0),
        ("mail", "421 too many", "retry", 0),
        ("rcpt", "450 busy", "retry", 0),
        ("rcpt", "550 unknown", "failed", 0),
        ("rcpt", "hello?", "retry", 0),
        ("data", "drop", "retry", 0),
        ("data", "451 later", "retry", 0),
        ("data", "554 no", "failed", 0),
        ("end", "452 full", "retry", 0),
        ("end", "552 too large", "failed", 0),
        ("end", "drop", "uncertain", 1),
        ("end", "what?", "uncertain", 1),
        ("end", "299 nearly", "uncertain", 1),
    ],
)
def test_only_what_the_server_may_have_is_in_doubt(
    server: Mailbox, step: str, answer: str, state: str, taken: int
) -> None:
    server.misbehave = once(step, answer)
    queue()
    queue(key="2")
    run_outbox()
    assert rows("status") == [(state,), ("sent",)]
    assert len(server.accepted) == taken + 1


def test_a_connection_that_breaks_inside_of_a_mail_leaves_no_doubt(server: Mailbox) -> None:
    server.misbehave = once("body", "drop")
    queue(text="x" * 5_000_000)
    run_outbox()
    assert rows("status") == [("retry",)]


def test_what_an_earlier_mail_left_behind_casts_no_doubt_on_the_next(server: Mailbox) -> None:
    steps = iter([None, "drop"])
    server.misbehave = lambda step: next(steps, None) if step == "mail" else None
    queue()
    queue(key="2")
    run_outbox()
    assert (rows("status"), server.connections) == ([("sent",), ("retry",)], 1)


def test_a_server_that_does_not_answer_leaves_doubt_only_after_the_last_dot(
    server: Mailbox, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.1
    answers = iter([("mail", 0.3), ("end", 0.3)])
    waiting = next(answers)

    def misbehave(step: str) -> float | None:
        nonlocal waiting
        if waiting and step == waiting[0]:
            waits, waiting = waiting[1], next(answers, ("", 0.0))
            return waits
        return None

    server.misbehave = misbehave
    queue_mails([mail(key=key) for key in "123"])
    run_outbox()
    assert rows("status") == [("retry",), ("uncertain",), ("sent",)]


def once(step: str, answer: str) -> Callable[[str], Any]:
    """Misbehave the first time only."""
    answers = [answer]

    def misbehave(at: str) -> str | None:
        return answers.pop() if at == step and answers else None

    return misbehave
