import os
import smtplib
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from pytest_django import Settings

from accounts.models import Organization
from accounts.tenancy import all_organizations
from emails.delivery import deliver, deliver_all
from emails.models import OutboxEmail
from emails.outbox import queue_email
from emails.states import LEASE, MOST_ATTEMPTS, begin_call, claim_email, send_again, settle_as_sent

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


def queue(key: str = "1", **changes: Any) -> bool:
    values: dict[str, Any] = {
        "to_address": "op@example.com",
        "subject": "Late",
        "text": "A job is late.",
        "queued_at": NOW,
    }
    return queue_email("operator_alert", key=key, **(values | changes))


def states() -> list[tuple[str, int, str]]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("id").values_list("status", "attempt", "error"))


def run_outbox(*, after: timedelta = timedelta(0)) -> int:
    with time_machine.travel(NOW + after, tick=False):
        return deliver_all(seconds=5)


class Refusing(EmailBackend):
    """Raises `error` where a provider would: when connecting or when handing over."""

    error: Exception
    at_open: bool = False

    def open(self) -> None:
        if self.at_open:
            raise self.error

    def send_messages(self, messages: Any) -> int:
        raise self.error


@pytest.fixture
def refusing(settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None) -> Callable[..., None]:
    def refuse(error: Exception, *, at_open: bool = False) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        monkeypatch.setattr(Refusing, "error", error, raising=False)
        monkeypatch.setattr(Refusing, "at_open", at_open)

    return refuse


@pytest.mark.usefixtures("db")
def test_a_queued_mail_is_sent_once() -> None:
    assert (queue(), queue()) == (True, False)
    assert (run_outbox(), run_outbox()) == (1, 0)
    [message] = mail.outbox
    assert (message.to, message.subject, message.body) == (["op@example.com"], "Late", "A job is late.")
    assert states() == [("sent", 1, "")]


@pytest.mark.usefixtures("db")
def test_a_mail_keeps_its_message_id_over_attempts() -> None:
    queue()
    run_outbox()
    with all_organizations():
        OutboxEmail.objects.update(status="pending")
    run_outbox()
    ids = {message.extra_headers["Message-ID"] for message in mail.outbox}
    assert (len(mail.outbox), len(ids)) == (2, 1)
    assert ids.pop().endswith("@localhost>")


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("address", ["", "nobody", "a@example.com, b@example.com", "a@example.com\nBcc: b@example.com"])
def test_only_exactly_one_address_is_queued(address: str) -> None:
    with pytest.raises(ValidationError):
        queue(to_address=address)


@pytest.mark.usefixtures("db")
def test_a_subject_is_one_line() -> None:
    queue(subject="Late\nBcc: somebody@example.com ")
    with all_organizations():
        assert OutboxEmail.objects.get().subject == "Late Bcc: somebody@example.com"


def test_organizations_have_mails_of_the_same_key(organization: Organization, outsider: Organization) -> None:
    assert [queue(organization=each) for each in (organization, outsider, None, organization)] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("error", "at_open", "state"),
    [
        (ConnectionRefusedError(), True, "retry"),
        (TimeoutError(), True, "retry"),
        (smtplib.SMTPServerDisconnected("gone"), True, "retry"),
        (smtplib.SMTPDataError(451, b"later"), False, "retry"),
        (smtplib.SMTPRecipientsRefused({"op@example.com": (450, b"full")}), False, "retry"),
        (smtplib.SMTPDataError(554, b"no"), False, "failed"),
        (smtplib.SMTPRecipientsRefused({"op@example.com": (550, b"unknown")}), False, "failed"),
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


def test_a_passing_failure_is_tried_again_later_and_later(refusing: Callable[..., None]) -> None:
    queue()
    refusing(ConnectionRefusedError(), at_open=True)
    after = timedelta(0)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        run_outbox(after=after)
        assert states()[0][:2] == ("failed" if attempt == MOST_ATTEMPTS else "retry", attempt)
        wait = timedelta(minutes=2 ** (attempt - 1))
        run_outbox(after=after + wait - timedelta(seconds=1))
        assert states()[0][1] == attempt
        after += wait


@pytest.mark.usefixtures("db")
def test_a_sender_killed_before_the_call_costs_a_lease() -> None:
    queue()
    claim_email(now=NOW)
    assert run_outbox(after=LEASE) == 0
    assert run_outbox(after=LEASE + timedelta(seconds=1)) == 1
    assert states() == [("sent", 2, "")]


@pytest.mark.usefixtures("db")
def test_a_sender_killed_in_the_call_leaves_an_uncertain_mail_that_is_never_sent_by_itself() -> None:
    queue()
    email = claim_email(now=NOW)
    assert email
    assert begin_call(email, now=NOW)
    assert run_outbox(after=timedelta(days=1)) == 0
    assert states() == [("uncertain", 1, "The sender was killed while handing it over.")]
    assert mail.outbox == []


@pytest.mark.usefixtures("db")
def test_a_sender_that_slept_through_its_lease_does_not_send() -> None:
    queue()
    slow = claim_email(now=NOW)
    assert slow
    run_outbox(after=LEASE + timedelta(seconds=1))
    assert not deliver(slow)
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("db")
def test_uncertain_mail_is_settled_by_hand() -> None:
    for key in ("1", "2", "3"):
        queue(key)
    with all_organizations():
        ids = list(OutboxEmail.objects.order_by("id").values_list("id", flat=True))
        OutboxEmail.objects.filter(pk__in=ids[:2]).update(status="uncertain", attempt=8)
        assert settle_as_sent([ids[0], ids[2]], now=NOW) == 1
        assert send_again([ids[0], ids[1], ids[2]], now=NOW) == 1
    assert [status for status, _, _ in states()] == ["sent", "pending", "pending"]
    assert run_outbox() == 2


KILLED_IN_THE_CALL = """
import os, signal, django
django.setup()
from django.conf import settings
from django.core.mail.backends.locmem import EmailBackend
EmailBackend.send_messages = lambda self, messages: os.kill(os.getpid(), signal.SIGKILL)
settings.DATABASES["default"]["NAME"] = {name!r}
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
from emails.delivery import deliver_all
deliver_all(seconds=5)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("committed_db")
def test_a_real_kill_in_the_call_sends_nothing_twice() -> None:
    queue()
    program = KILLED_IN_THE_CALL.format(name=connection.settings_dict["NAME"])
    ended = subprocess.run([sys.executable, "-c", program], env=os.environ, cwd=django_settings.BASE_DIR, check=False)
    assert ended.returncode == -9
    assert [status for status, _, _ in states()] == ["calling"]
    with time_machine.travel(datetime.now(UTC) + LEASE + timedelta(seconds=5), tick=False):
        assert deliver_all(seconds=5) == 0
    assert [status for status, _, _ in states()] == ["uncertain"]
