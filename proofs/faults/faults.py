"""Worker, clock, web, broker and database are killed and frozen at random while events come in and a weekly chain runs:
nothing acknowledged is lost, nothing is doubled, and the chain ends by itself. Then the database stands still for a
minute, the broker is dead, and the disk is full.

`python -m proofs faults` is of nightly length, `python -m proofs --short faults` has fewer clients and mishaps.
"""

import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import parseaddr

from devserver import processes
from proofs.faults.disturbances import Running, befall
from proofs.faults.lost_events import BATCH, Sending, message
from proofs.faults.standstills import prove_standstills
from proofs.installation import Installation, free_port, installation
from proofs.mail.server import Mailbox, mail_server

SEED = 20_261_121
SENDERS = 4
PATIENCE_SECONDS = 900
QUICK = {"MAIL_LEASE_SECONDS": "10", "MAIL_FIRST_RETRY_SECONDS": "1", "EMAIL_TIMEOUT": "5"}

POPULATE = """
    WITH organization AS (SELECT id FROM accounts_organization WHERE slug = 'proof'),
    client AS (
        INSERT INTO accounts_client (organization_id, external_id, name, email, status, signed_up_at, created_at)
        SELECT id, 'client-' || n, 'Client ' || n, 'client-' || n || '@example.org', 'active',
               now() - interval '60 days', now() - interval '60 days'
        FROM organization, generate_series(0, %s - 1) n RETURNING organization_id, id
    ), policy AS (
        INSERT INTO emails_contactpolicy (organization_id, version, note, weekly_cap, send_from_hour, send_until_hour,
                                          business_days_only, created_at)
        SELECT id, 1, '', 3, 0, 24, false, now() FROM organization
    )
    INSERT INTO emails_mailpreference
        (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT organization_id, id, 'weekly', true, 'weekly', 'api', now() FROM client RETURNING organization_id
"""
BEGIN = """
import django; django.setup()
from django.utils import timezone
from jobs.definitions import job_named
from jobs.ledger import begin_run
from jobs.models import JobRun
now = timezone.now()
for name in ("health-check-after-scores", "success-email"):
    job = job_named(name)
    begin_run(job, job.every.period_of(now), trigger=JobRun.Trigger.COMMAND, due_at=now, now=now)
"""
CHAIN = "('success-score', 'health-check-after-scores', 'success-insights', 'success-email')"
OPEN = f"""
    SELECT (SELECT count(*) FROM jobs_jobrun WHERE job IN {CHAIN} AND status = 'running')
         + (SELECT count(*) FROM emails_outboxemail WHERE status IN ('pending', 'claimed', 'calling', 'retry'))
"""
RUNS = f"SELECT job, status, error_count FROM jobs_jobrun WHERE job IN {CHAIN} ORDER BY job"
TABLES = {
    "scores": ("success_score", "organization_id, client_id, period_end"),
    "insights": ("success_insight", "organization_id, client_id, period_end, kind"),
    "alerts": ("health_alert", "organization_id, client_id, matter"),
    "outbox": ("emails_outboxemail", "organization_id, kind, key, to_address"),
    "contacts": ("emails_contact", "organization_id, kind, key, client_id"),
}


@dataclass
class Flow(Sending):
    """Senders that go on until they are told to end, and then finish what they have begun."""

    is_over: threading.Event = field(default_factory=threading.Event)

    def send(self, number: int) -> None:
        batch = 0
        while not self.is_over.is_set():
            ids = [f"{number}-{batch}-{i}" for i in range(BATCH)]
            body = json.dumps({"batch": [message(message_id) for message_id in ids]})
            while not self.is_acknowledged(body):
                time.sleep(0.2)
            with self.lock:
                self.acknowledged.update(ids)
            batch += 1
            time.sleep(0.25)


@dataclass
class Chain:
    """What came of one weekly chain."""

    seconds: float
    down_seconds: float
    mishaps: Counter[str]
    acknowledged: int
    attempts: int
    lost: int
    doubled_events: int
    activity_is_equal: bool
    rows: dict[str, int]
    doubled: dict[str, int]
    mails: Counter[str]
    delivered: int
    doubled_mails: int
    missing_mails: int
    runs: list[tuple[object, ...]]


def prove() -> bool:
    """Print the figures; True when everything held."""
    return prove_with(clients=5_000, mishaps=40)


def prove_short() -> bool:
    """The same with fewer clients and mishaps, and shorter standstills."""
    return prove_with(clients=500, mishaps=10, frozen_seconds=12.0)


def prove_with(*, clients: int, mishaps: int, frozen_seconds: float = 60.0) -> bool:
    quiet = run_chain(clients=clients, mishaps=0)
    disturbed = run_chain(clients=clients, mishaps=mishaps)
    tell("undisturbed", quiet)
    tell("disturbed", disturbed)
    allowed = 2 * quiet.seconds + disturbed.down_seconds
    print(
        f"faults: {disturbed.seconds:.0f} s of {allowed:.0f} s (twice undisturbed, and the time that parts were down)"
    )
    held = is_right(quiet, clients) and is_right(disturbed, clients) and disturbed.seconds <= allowed
    return prove_standstills(frozen_seconds=frozen_seconds) and held


def tell(name: str, chain: Chain) -> None:
    print(
        f"faults, {name}: chain {chain.seconds:.0f} s, parts down {chain.down_seconds:.0f} s, {dict(chain.mishaps)};"
        f" {chain.acknowledged:,} events acknowledged in {chain.attempts:,} requests: {chain.lost} lost,"
        f" {chain.doubled_events} doubled, activity equal: {chain.activity_is_equal}; rows {chain.rows},"
        f" doubled {chain.doubled}; mails {dict(chain.mails)}, the server took {chain.delivered:,},"
        f" {chain.doubled_mails} twice, {chain.missing_mails} sent but missing; runs {chain.runs}"
    )


def is_right(chain: Chain, clients: int) -> bool:
    """Mails that are uncertain are allowed: the server cannot be asked."""
    return (
        (chain.lost, chain.doubled_events, chain.doubled_mails, chain.missing_mails) == (0, 0, 0, 0)
        and chain.activity_is_equal
        and not any(chain.doubled.values())
        and chain.rows["scores"] == clients
        and chain.mails["sent"] + chain.mails["uncertain"] == chain.rows["outbox"] == clients
        and [(status, errors) for _, status, errors in chain.runs] == [("succeeded", 0)] * 4
    )


def run_chain(*, clients: int, mishaps: int) -> Chain:
    with mail_server() as mailbox:
        mail = {
            "EMAIL_BACKEND": "emails.backends.smtp.EmailBackend",
            "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "DEFAULT_FROM_EMAIL": "Proof <proof@mainstay.example>",
        }
        with installation(**QUICK, **mail) as ours:
            write_key = json.loads(ours.manage("create_organization", "proof", "--json"))["write_key"]
            ours.ask(POPULATE, clients)
            ours.manage("sync_schedules")
            flow = Flow(free_port(), write_key)
            running = Running(ours, flow.port)
            for part in ("web", "worker", "clock"):
                running.start(part)
            senders = [threading.Thread(target=flow.send, args=[number]) for number in range(SENDERS)]
            for sender in senders:
                sender.start()
            try:
                seconds = work_and_befall(running, mishaps)
            finally:
                flow.is_over.set()
                for sender in senders:
                    sender.join()
                running.stop()
            return account(running, flow, mailbox, seconds)


def work_and_befall(running: Running, mishaps: int) -> float:
    """Begin the chain and wait for its end; meanwhile one mishap after the other. Its seconds."""
    chance, ours = random.Random(SEED), running.ours
    processes.wait_for_end(ours.start(sys.executable, "-c", BEGIN, log="begin.log"), seconds=60)
    began = time.monotonic()
    while ours.ask(OPEN) != [(0,)] and time.monotonic() - began < PATIENCE_SECONDS:
        time.sleep(chance.uniform(0.3, 1.5))
        if running.done.total() < mishaps:
            befall(running, chance)
    return time.monotonic() - began


def account(running: Running, flow: Flow, mailbox: Mailbox, seconds: float) -> Chain:
    ours = running.ours
    stored = ours.ask("SELECT message_id, count(*) FROM telemetry_event GROUP BY 1")
    outbox = ours.ask("SELECT to_address, status FROM emails_outboxemail")
    delivered = Counter(parseaddr(str(mail["To"]))[1] for mail in mailbox.messages)
    return Chain(
        seconds=seconds,
        down_seconds=running.down_seconds,
        mishaps=running.done,
        acknowledged=len(flow.acknowledged),
        attempts=flow.attempts,
        lost=len(flow.acknowledged - {str(message_id) for message_id, _ in stored}),
        doubled_events=sum(count != 1 for _, count in stored),
        activity_is_equal=is_activity_equal(ours, events=len(stored)),
        rows={name: count(ours, f"SELECT count(*) FROM {table}") for name, (table, _) in TABLES.items()},
        doubled={
            name: count(ours, f"SELECT count(*) FROM (SELECT FROM {table} GROUP BY {key} HAVING count(*) > 1) AS twice")
            for name, (table, key) in TABLES.items()
        },
        mails=Counter(str(status) for _, status in outbox),
        delivered=delivered.total(),
        doubled_mails=sum(number > 1 for number in delivered.values()),
        missing_mails=sum(status == "sent" and not delivered[str(to)] for to, status in outbox),
        runs=ours.ask(RUNS),
    )


def is_activity_equal(ours: Installation, *, events: int) -> bool:
    """The command fails where a rebuild would change anything."""
    ours.manage("rebuild_activity", "--check")
    return count(ours, "SELECT coalesce(sum(total), 0) FROM telemetry_dailyactivity") == events


def count(ours: Installation, query: str) -> int:
    return int(str(ours.ask(query)[0][0]))
