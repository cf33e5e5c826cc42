"""5,000 clients are mailed by a hostile SMTP server and by a provider with idempotency keys, and senders killed and
stopped, at every named step and at random: nobody gets a mail twice, none is missing, none hidden."""

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from devserver import processes
from proofs.installation import Installation, installation
from proofs.mail.provider import mail_provider
from proofs.mail.senders import STEPS
from proofs.mail.server import mail_server

CLIENTS = 5_000
KILLS = 60
WITHDRAWN = 50
PATIENCE_SECONDS = 900
SEED = 20_261_116
LEASE_SECONDS = 4
# What an installation would set, but quicker: calls end before a lease does, and leases before anybody waits long.
QUICK = {
    "MAIL_LEASE_SECONDS": str(LEASE_SECONDS),
    "MAIL_FIRST_RETRY_SECONDS": "1",
    "EMAIL_TIMEOUT": "2",
    "DEFAULT_FROM_EMAIL": "Proof <proof@mainstay.example>",
}
UNCERTAIN_WITHIN_SECONDS = 600

POPULATE = """
    WITH organization AS (
        INSERT INTO accounts_organization
            (name, slug, status, timezone, creates_unknown_clients, runs_jobs, is_simulated, created_at)
        VALUES ('Proof', 'proof', 'active', 'UTC', true, true, false, now()) RETURNING id
    ), client AS (
        INSERT INTO accounts_client (organization_id, external_id, name, email, status, created_at)
        SELECT id, n, 'Client ' || n, 'client-' || n || '@example.org', 'active', now()
        FROM organization, generate_series(1, %s) n RETURNING organization_id, id
    ), policy AS (
        INSERT INTO emails_contactpolicy (organization_id, version, note, weekly_cap, send_from_hour, send_until_hour,
                                          business_days_only, created_at)
        SELECT id, 1, '', 3, 0, 24, false, now() FROM organization
    )
    INSERT INTO emails_mailpreference
        (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT organization_id, id, 'weekly', true, 'weekly', 'api', now() FROM client RETURNING organization_id
"""
QUEUE = """
import sys, django; django.setup()
from django.utils import timezone
from accounts.tenancy import organization_scope
from emails.contacts.deciding import decide_contacts
from emails.kinds import WEEKLY_SUCCESS
from emails.outbox import Mail, queue_mails
organization, now = int(sys.argv[1]), timezone.now()
with organization_scope(organization):
    decided = decide_contacts(organization, kind=WEEKLY_SUCCESS, key="week", as_of=now)
    queue_mails([
        Mail(organization_id=organization, kind="weekly-success", key="week", to_address=each.to_address,
             to_name=each.name, subject=f"Your week, {each.name}", text="Hello", html="<p>Hello</p>" * 200,
             client_id=each.client_id, contact_id=each.contact_id, category="weekly", priority=40,
             due_at=each.due_at, queued_at=now)
        for each in decided.allowed
    ])
"""
# Some change their mind while their mail waits: those at the end of the queue.
WITHDRAW = """
    UPDATE emails_mailpreference SET is_agreed = false
    WHERE client_id IN (SELECT client_id FROM emails_outboxemail ORDER BY id DESC LIMIT {})
"""
MAILS = """
    SELECT mail.to_address, mail.status, contact.status FROM emails_outboxemail AS mail
    JOIN emails_contact AS contact ON contact.id = mail.contact_id
"""
OPEN = "SELECT count(*) FROM emails_outboxemail WHERE status IN ('pending', 'claimed', 'calling', 'retry')"
IN_DOUBT = """
    SELECT id, extract(epoch FROM now() - doubtful_since)::float FROM emails_outboxemail WHERE status = 'uncertain'
"""


@dataclass
class Dice:
    """Chances of mishaps, the same at each run: the first that comes up."""

    chances: Mapping[str, Mapping[Any, float]]
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    lock: threading.Lock = field(default_factory=threading.Lock)
    thrown: Counter[str] = field(default_factory=Counter)

    def throw(self, step: str) -> Any:
        with self.lock:
            number = self.chance.random()
            for mishap, share in self.chances.get(step, {}).items():
                if number < share:
                    self.thrown[f"{step}: {mishap}"] += 1
                    return mishap
                number -= share
        return None


HOSTILE: Mapping[str, Mapping[Any, float]] = {
    "connect": {"drop": 0.05, "421 busy": 0.03, "554 go away": 0.01, "good day": 0.01},
    "mail": {"drop": 0.005, "451 later": 0.01, 0.4: 0.01},
    "rcpt": {"450 greylisted": 0.02, "550 unknown": 0.005, "zzz": 0.003},
    "data": {"drop": 0.005, "451 later": 0.005, "554 no": 0.002},
    "body": {"drop": 0.01},
    "end": {"drop": 0.01, "452 full": 0.01, "554 spam": 0.003, "}{": 0.003, 3.0: 0.003, 0.4: 0.01, 0.1: 0.95},
}
# Losing 3 % of the answers, and some by a 500 of its own.
UNRELIABLE: Mapping[str, Mapping[Any, float]] = {
    "request": {
        "lose": 0.03, "fail": 0.01, "hang up": 0.01, 500: 0.01, 503: 0.01, 429: 0.03, 422: 0.003, 0.4: 0.01, 3.0: 0.003,
        0.1: 0.88,
    }
}  # fmt: skip


def prove() -> bool:
    """Print the figures; True when both accounts come out even."""
    return all([prove_smtp(), prove_keys()])


def prove_smtp() -> bool:
    dice = Dice(HOSTILE)
    with mail_server(dice.throw) as server:
        to_server = {
            "EMAIL_BACKEND": "emails.backends.smtp.EmailBackend",
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        }
        with installation(**QUICK, **to_server) as ours:
            account = send_and_kill(ours)
        delivered = Counter(parseaddr(str(message["To"]))[1] for message in server.messages)
    return is_even("blind SMTP", account, delivered, mishaps=dice.thrown) and account.has(
        delivered, sent=1, failed=0, skipped=0
    )


def prove_keys() -> bool:
    dice = Dice(UNRELIABLE)
    with mail_provider(lambda _message: dice.throw("request")) as provider:
        to_provider = {
            "EMAIL_BACKEND": "anymail.backends.resend.EmailBackend",
            "ANYMAIL": f'{{"RESEND_API_KEY": "proof", "RESEND_API_URL": "{provider.url}", "REQUESTS_TIMEOUT": 2}}',
        }
        with installation(**QUICK, **to_provider) as ours:
            account = send_and_kill(ours)
        delivered = Counter(parseaddr(message["to"][0])[1] for message in provider.delivered)
    print(f"mail_delivery, keys: {provider.replayed} repeated calls were recognised")
    return (
        is_even("keys", account, delivered, mishaps=dice.thrown)
        and account.has(delivered, sent=1, failed=0, skipped=0)
        and account.states["uncertain"] == 0
    )


@dataclass
class Account:
    """What the outbox says of each address, and the longest that a doubt was not visible."""

    mails: list[tuple[Any, ...]]
    seconds: float
    kills: int
    doubtful_seconds: float

    @property
    def states(self) -> Counter[str]:
        return Counter(status for _, status, _ in self.mails)

    def has(self, delivered: Counter[str], **expected: int) -> bool:
        """Whether each mail of a state was delivered so many times."""
        return all(delivered[to] == expected[status] for to, status, _ in self.mails if status in expected)


def is_even(name: str, account: Account, delivered: Counter[str], *, mishaps: Counter[str]) -> bool:
    doubles = sum(count > 1 for count in delivered.values())
    missing = sum(delivered[to] == 0 for to, status, _ in account.mails if status == "sent")
    out_of_step = sum(mail != contact for _, mail, contact in account.mails)
    print(
        f"mail_delivery, {name}: {dict(account.states)} of {len(account.mails):,} mails in {account.seconds:.0f} s,"
        f" {account.kills} kills and stops; {sum(delivered.values()):,} delivered, {doubles} double, {missing} missing,"
        f" {out_of_step} contacts out of step; doubts visible after {account.doubtful_seconds:.0f} s at most"
    )
    print(f"mail_delivery, {name}: mishaps {dict(mishaps.most_common())}")
    return (
        len(account.mails) == CLIENTS
        and (doubles, missing, out_of_step) == (0, 0, 0)
        and sum(account.states[each] for each in ("sent", "failed", "uncertain", "skipped")) == CLIENTS
        and account.states["skipped"] == WITHDRAWN
        and account.doubtful_seconds < UNCERTAIN_WITHIN_SECONDS
    )


def send_and_kill(ours: Installation) -> Account:
    """Queue, let two senders work, and befall them: at each step by a kill and by a stop, and then at random."""
    organization = ours.ask(POPULATE, CLIENTS)[0][0]
    processes.wait_for_end(ours.start(sys.executable, "-c", QUEUE, str(organization), log="queue.log"), seconds=120)
    ours.change(WITHDRAW.format(WITHDRAWN))
    chance, started, kills = random.Random(SEED), time.monotonic(), 0
    with watched_doubts(ours) as doubts:
        for step in STEPS:
            for how in ("KILL", "STOP"):
                befall(ours, step, how)
                kills += 1
        senders = [start_sender(ours) for _ in range(2)]
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.8, 2.0))
            end(senders[kill % 2])
            senders[kill % 2] = start_sender(ours)
        while ours.ask(OPEN) != [(0,)] and time.monotonic() - started < PATIENCE_SECONDS:
            time.sleep(0.5)
        for sender in senders:
            end(sender)
        time.sleep(1)
    seconds = time.monotonic() - started
    return Account(ours.ask(MAILS), seconds, kills + KILLS, max(doubts.values(), default=0.0))


def befall(ours: Installation, step: str, how: str) -> None:
    """One sender dies or stops at the step; who stopped wakes up when another has taken over its mails."""
    sender = start_sender(ours, step, how)
    if how == "KILL":
        sender.wait(60)
        return
    while process_state(sender.pid) != "T":
        time.sleep(0.05)
    other = start_sender(ours)
    time.sleep(LEASE_SECONDS + 3)
    os.kill(sender.pid, signal.SIGCONT)
    time.sleep(1)
    end(sender)
    end(other)


def process_state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def start_sender(ours: Installation, *step: str) -> processes.Process:
    return ours.start(sys.executable, "-m", "proofs.mail.senders", *step, log="sender.log")


def end(sender: processes.Process) -> None:
    os.killpg(sender.pid, signal.SIGKILL)
    sender.wait()


@contextmanager
def watched_doubts(ours: Installation) -> Iterator[dict[object, float]]:
    """By mail, how many seconds after its call it was first seen as uncertain."""
    seen: dict[object, float] = {}
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.5):
            for mail, seconds in ours.ask(IN_DOUBT):
                seen.setdefault(mail, float(str(seconds)))

    watcher: Callable[[], None] = watch
    thread = threading.Thread(target=watcher)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
