"""Several senders at once, in threads that commit."""

import threading
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError, connection
from pytest_django import Settings

from accounts.tenancy import all_organizations
from emails import delivery
from emails.delivery import deliver_all
from emails.models import OutboxEmail
from emails.outbox import queue_mails
from emails.states import claim_emails, lease, release_expired
from proofs.mail.server import mail_server
from tests.emails.outgoing import NOW, mail, rows

pytestmark = pytest.mark.usefixtures("committed_db")


def test_eight_senders_at_once_take_each_mail_once() -> None:
    queue_mails([mail(key=str(number), priority=number % 3) for number in range(200)])
    taken: list[int] = []

    def take() -> None:
        while emails := claim_emails(now=NOW, most=7):
            taken.extend(email.pk for email in emails)
        connection.close()

    senders = [threading.Thread(target=take) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert (len(taken), len(set(taken))) == (200, 200)


def test_nobody_waits_for_a_sender_that_was_stopped_inside_of_a_transaction() -> None:
    queue_mails([mail(key=key) for key in "12"])
    stopped, _killed = claim_emails(now=NOW, most=2)
    holds, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with all_organizations():
            OutboxEmail.objects.select_for_update().get(pk=stopped.pk)
            holds.set()
            is_over.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(10)
    try:
        with all_organizations(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            release_expired(now=NOW + 2 * lease(), provider="", remembered_from=None)
    finally:
        is_over.set()
        holder.join()
    assert sorted(rows("status")) == [("claimed",), ("retry",)]


def test_a_slow_server_is_sent_to_over_several_connections(settings: Settings) -> None:
    queue_mails([mail(key=str(number), priority=number % 2) for number in range(40)])
    with mail_server(lambda step: 0.05 if step == "end" else None) as server:
        settings.EMAIL_BACKEND = "emails.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.MAIL_SENDERS = "127.0.0.1", server.port, 4
        assert deliver_all(seconds=60) == 40
    assert rows("status") == [("sent",)] * 40
    assert (len(server.accepted), server.connections) == (40, 4)


class OutlivingTheDatabase(EmailBackend):
    """Hands over, and finds its connection to the database cut."""

    def send_messages(self, messages: Any) -> int:
        connection.connection.close()
        return super().send_messages(messages)


def test_what_came_of_a_call_is_told_once_the_database_is_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND, settings.MAIL_SENDERS = f"{__name__}.OutlivingTheDatabase", 1
    monkeypatch.setattr(delivery, "TELL_AGAIN_SECONDS", 0)
    queue_mails([mail(key=key) for key in "12"])
    assert deliver_all(seconds=60) == 2
    assert rows("status", "attempt") == [("sent", 1)] * 2


def test_what_cannot_be_told_within_the_lease_stays_in_doubt(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.MAIL_SENDERS = f"{__name__}.OutlivingTheDatabase", 1
    settings.MAIL_LEASE_SECONDS = -1
    queue_mails([mail()])
    with pytest.raises(OperationalError):
        deliver_all(seconds=60)
    connection.close()
    assert rows("status") == [("calling",)]
