"""Several senders at once, in threads that commit."""

import threading
import time

import pytest
from django.db import connection
from pytest_django import Settings

from emails.delivery import deliver_all
from emails.outbox import queue_mails
from emails.states import claim_emails
from proofs.mail_server import mail_server
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


def test_a_slow_server_is_sent_to_over_several_connections(settings: Settings) -> None:
    queue_mails([mail(key=str(number), priority=number % 2) for number in range(40)])
    with mail_server(lambda step: 0.05 if step == "end" else None) as server:
        settings.EMAIL_BACKEND = "emails.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.MAIL_SENDERS = "127.0.0.1", server.port, 4
        began = time.monotonic()
        assert deliver_all(seconds=10) == 40
        seconds = time.monotonic() - began
    assert seconds < 40 * 0.05
    assert rows("status") == [("sent",)] * 40
    assert (len(server.accepted), server.connections) == (40, 4)
