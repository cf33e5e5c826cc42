"""What one sender does with the mails that are due."""

import smtplib
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.delivery import deliver, deliver_all
from emails.lines import MOST_TROUBLES, Line
from emails.models import Contact, MailPreference, OutboxEmail
from emails.outbox import queue_mails
from emails.states import claim_emails, release_expired
from tests.emails import outgoing
from tests.emails.outgoing import NOW, queue, rows, run_outbox, states

pytestmark = pytest.mark.usefixtures("db")


class Refusing(EmailBackend):
    """Raises `error` where a provider would: when connecting or when handing over."""

    error: Exception
    at_open: bool = False
    calls = 0

    def open(self) -> None:
        if self.at_open:
            Refusing.calls += 1
            raise self.error

    def send_messages(self, messages: Any) -> int:
        Refusing.calls += 1
        raise self.error


@pytest.fixture
def refusing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def refuse(error: Exception, *, at_open: bool = False) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        monkeypatch.setattr(Refusing, "error", error, raising=False)
        monkeypatch.setattr(Refusing, "at_open", at_open)
        monkeypatch.setattr(Refusing, "calls", 0)

    return refuse


def test_a_queued_mail_is_sent_once() -> None:
    queue(html="<p>A job is late.")
    assert (run_outbox(), run_outbox()) == (1, 0)
    [message] = mail.outbox
    assert (message.to, message.subject, message.body) == (["op@example.com"], "Late", "A job is late.")
    assert isinstance(message, EmailMultiAlternatives)
    assert message.alternatives == [("<p>A job is late.", "text/html")]
    assert rows("status", "attempt", "sent_at", "error", "lease_until") == [("sent", 1, NOW, "", None)]


def test_a_mail_waits_until_it_is_due() -> None:
    queue(due_at=NOW + timedelta(minutes=1))
    assert (run_outbox(), run_outbox(after=timedelta(minutes=1))) == (0, 1)


def test_a_mail_keeps_its_message_id_over_attempts() -> None:
    email = queue()
    run_outbox()
    with all_organizations():
        OutboxEmail.objects.update(status="pending", doubtful_since=None)
    run_outbox()
    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert ids == [f"<{email.uid.hex}@localhost>"] * 2


def test_a_mail_that_is_too_late_is_skipped() -> None:
    queue(key="1", valid_until=NOW)
    queue(key="2", valid_until=NOW + timedelta(seconds=1))
    assert run_outbox(after=timedelta(seconds=1)) == 1
    assert rows("key", "status", "error") == [("1", "skipped", "late"), ("2", "sent", "")]


def test_the_last_look_is_taken_just_before_the_call(organization: Organization, client_of_acme: Client) -> None:
    of_client = {"organization_id": organization.pk, "client_id": client_of_acme.pk, "category": "weekly"}
    queue(key="asked", kind="weekly-success", **of_client)
    queue(key="account", kind="password_link", **of_client | {"category": ""})
    assert run_outbox(after=timedelta(hours=4)) == 1
    assert rows("key", "status", "error") == [("asked", "skipped", "not_asked"), ("account", "sent", "")]


def test_a_mail_for_the_daytime_is_put_off_at_night(organization: Organization, client_of_acme: Client) -> None:
    with all_organizations():
        MailPreference.objects.create(
            organization=organization, client=client_of_acme, category="weekly", is_agreed=True, source="staff",
            changed_at=NOW,
        )  # fmt: skip
        Client.objects.filter(pk=client_of_acme.pk).update(email="ada@example.com")
    of_client = {"client_id": client_of_acme.pk, "to_address": "ada@example.com"}
    queue(organization_id=organization.pk, category="weekly", **of_client)
    assert run_outbox(after=timedelta(hours=15)) == 0
    # Quiet hours end at 7 in Berlin.
    assert rows("status", "next_attempt_at", "retries") == [("retry", NOW + timedelta(hours=22), 0)]
    assert run_outbox(after=timedelta(hours=22)) == 1


@pytest.mark.parametrize(
    ("error", "at_open", "state"),
    [
        (ConnectionRefusedError(), True, "retry"),
        (TimeoutError(), True, "retry"),
        (smtplib.SMTPAuthenticationError(535, b"no"), True, "retry"),
        (smtplib.SMTPServerDisconnected("gone"), True, "retry"),
        (smtplib.SMTPDataError(451, b"later"), False, "retry"),
        (smtplib.SMTPRecipientsRefused({"op@example.com": (450, b"full")}), False, "retry"),
        (smtplib.SMTPDataError(554, b"no"), False, "failed"),
        (smtplib.SMTPRecipientsRefused({"op@example.com": (550, b"unknown")}), False, "failed"),
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), False, "failed"),
        (smtplib.SMTPDataError(-1, b"?"), False, "uncertain"),
        (smtplib.SMTPServerDisconnected("gone"), False, "uncertain"),
        (TimeoutError(), False, "uncertain"),
        (RuntimeError("anything"), False, "uncertain"),
    ],
)
def test_what_an_error_says_about_the_mail(
    refusing: Callable[..., None], error: Exception, at_open: bool, state: str
) -> None:
    queue()
    refusing(error, at_open=at_open)
    assert run_outbox() == 0
    [(status, attempt, told)] = states()
    assert (status, attempt) == (state, 1)
    assert type(error).__name__ in told
    assert "example.com" not in told


def test_a_line_that_is_down_rests_until_the_next_minute(refusing: Callable[..., None]) -> None:
    queue_mails([outgoing.mail(key=str(number)) for number in range(30)])
    refusing(ConnectionRefusedError(), at_open=True)
    run_outbox()
    assert Refusing.calls == MOST_TROUBLES
    assert sum(retries for (retries,) in rows("retries")) == MOST_TROUBLES
    assert {status for (status,) in rows("status")} == {"retry", "pending"}


def test_one_refused_mail_does_not_keep_others_back(refusing: Callable[..., None], settings: Settings) -> None:
    queue_mails([outgoing.mail(key=str(number)) for number in range(30)])
    refusing(smtplib.SMTPRecipientsRefused({"op@example.com": (550, b"unknown")}))
    run_outbox()
    assert rows("status") == [("failed",)] * 30


def test_a_mail_that_cannot_be_built_has_failed_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    broken = queue(key="1")
    queue(key="2")
    with all_organizations():
        OutboxEmail.objects.filter(pk=broken.pk).update(headers={"X-Note": "Ada\nLovelace"})
    assert run_outbox() == 1
    assert states() == [("failed", 1, "BadHeaderError"), ("sent", 1, "")]
    assert "mail_not_built" in caplog.text
    assert "Lovelace" not in caplog.text


def test_a_sender_that_slept_through_its_lease_does_not_send() -> None:
    queue()
    [slow] = claim_emails(now=NOW, most=1)
    run_outbox(after=timedelta(seconds=91))
    with Line() as line:
        assert not deliver(slow, line)
    assert len(mail.outbox) == 1


def test_when_the_time_is_up_the_rest_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    queue_mails([outgoing.mail(key=str(number)) for number in range(30)])
    with time_machine.travel(NOW, tick=False):
        assert deliver_all(seconds=0) == 0
    calls = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(calls)))
    run_outbox()
    sent, waiting = (sum(status == each for (status,) in rows("status")) for each in ("sent", "retry"))
    assert (0 < sent < 10, sent + waiting) == (True, 10)


def test_a_mail_that_may_have_gone_by_another_provider_is_not_sent_by_this_one(
    settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "emails.backends.files.EmailBackend", str(tmp_path)
    queue()
    with all_organizations():
        OutboxEmail.objects.update(doubtful_since=NOW, provider="another.provider")
    assert run_outbox() == 0
    assert rows("status") == [("uncertain",)]


def test_files_can_be_opened_and_the_same_mail_is_the_same_file(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "emails.backends.files.EmailBackend", str(tmp_path / "mail")
    email = queue(subject="Grüße", html="<p>Hello")
    for _ in range(2):
        run_outbox()
        with all_organizations():
            OutboxEmail.objects.update(status="calling", lease_until=NOW)
            release_expired(
                now=NOW + timedelta(seconds=1), provider=settings.EMAIL_BACKEND, remembered_from=NOW - timedelta(days=9)
            )
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == f"{email.uid.hex}.eml"
    assert b"Subject: =?utf-8?" in file.read_bytes()


def test_logs_carry_ids_and_no_addresses(refusing: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    email = queue()
    refusing(smtplib.SMTPRecipientsRefused({"op@example.com": (550, b"op@example.com unknown")}))
    run_outbox()
    logged = caplog.text
    assert str(email.pk) in logged
    assert "op@example.com" not in logged


def test_the_ledger_of_contacts_follows(organization: Organization, client_of_acme: Client) -> None:
    with all_organizations():
        contact = Contact.objects.create(
            organization=organization, client=client_of_acme, channel="email", kind="password_link", key="1",
            priority=90, is_budgeted=False, decided_at=NOW, due_at=NOW, status="planned",
        )  # fmt: skip
    queue(organization_id=organization.pk, client_id=client_of_acme.pk, contact_id=contact.pk)
    run_outbox()
    with all_organizations():
        contact.refresh_from_db()
    assert (contact.status, contact.settled_at) == ("sent", NOW)
