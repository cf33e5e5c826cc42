"""The proof of mail delivery in short: senders are really killed, at each step."""

import time
from collections import Counter
from email.utils import parseaddr

import pytest
from django.db import connection
from pytest_django import Settings

from emails.delivery import deliver_all
from emails.outbox import queue_mails
from emails.states import KILLED
from proofs.mail.provider import mail_provider
from proofs.mail.senders import STEPS
from proofs.mail.server import mail_server
from tests import children
from tests.emails.outgoing import mail, rows

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.slow]

# Whoever dies keeps a batch from the others until its lease has run out.
BATCH = 2
MAILS = BATCH * (len(STEPS) + 1)
SENDERS = """
import sys, django; django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
for name, value in eval(sys.argv[2]).items():
    setattr(settings, name, value)
from emails import delivery
from proofs.mail.senders import die_at_each_step
delivery.BATCH = int(sys.argv[3])
die_at_each_step()
"""


def queue_and_kill(settings: Settings, **mail_settings: object) -> None:
    """Kill a sender at each step, and let one that is well send the rest when the leases have run out."""
    facts = mail_settings | {"MAIL_LEASE_SECONDS": 1, "MAIL_SENDERS": 1}
    for name, value in facts.items():
        setattr(settings, name, value)
    queue_mails([mail(key=str(number), to_address=f"client-{number}@example.com") for number in range(MAILS)])
    assert children.run(SENDERS, str(connection.settings_dict["NAME"]), repr(facts), str(BATCH)) == 0
    time.sleep(1.05)
    deliver_all(seconds=5)


def test_by_blind_smtp_nothing_is_sent_twice_and_every_doubt_is_visible(settings: Settings) -> None:
    with mail_server() as server:
        backend = "emails.backends.smtp.EmailBackend"
        queue_and_kill(settings, EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port)
    delivered = Counter(parseaddr(str(message["To"]))[1] for message in server.messages)
    states = rows("to_address", "status", "error")
    in_doubt = [to for to, status, error in states if (status, error) == ("uncertain", KILLED)]
    sent = [to for to, status, _ in states if status == "sent"]
    # One died before the mail was handed over, one after it.
    assert (len(sent), len(in_doubt), sum(delivered[to] for to in in_doubt)) == (MAILS - 2, 2, 1)
    assert {delivered[to] for to in sent} == {1}


def test_with_a_key_nothing_is_missing_and_nothing_sent_twice(settings: Settings) -> None:
    with mail_provider() as provider:
        anymail = {"RESEND_API_KEY": "secret", "RESEND_API_URL": provider.url}
        queue_and_kill(settings, EMAIL_BACKEND="anymail.backends.resend.EmailBackend", ANYMAIL=anymail)
    assert rows("status") == [("sent",)] * MAILS
    assert sorted(message["to"] for message in provider.delivered) == sorted(
        [f"client-{number}@example.com"] for number in range(MAILS)
    )
    assert provider.replayed == 1
