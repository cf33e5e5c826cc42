"""One weekly chain from the scores to the mails while events flow in, with or without mishaps, and what came of it."""

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr

from devserver import processes
from proofs.faults.disturbances import Mishap, Running
from proofs.faults.lost_events import BATCH, Sending, message
from proofs.faults.population import VISITORS, run_commands
from proofs.installation import Installation, free_port, installation
from proofs.mail.server import Mailbox, mail_server

SENDERS = 4
PATIENCE_SECONDS = 900
START_SECONDS = 90
HAS_LOOKED = "SELECT count(DISTINCT handled_until) = 1 FROM jobs_watermark"

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
# Of the week, not of the one before.
CHAIN = """
    job IN ('success-score', 'health-check-after-scores', 'success-insights', 'success-email')
    AND period = (SELECT max(period) FROM jobs_jobrun WHERE job = 'success-email')
"""
RUNS = f"SELECT job, status, error_count FROM jobs_jobrun WHERE {CHAIN} ORDER BY job"
ENDS = f"""
    SELECT job, round(extract(epoch FROM ended_at - min(started_at) OVER ())) FROM jobs_jobrun WHERE {CHAIN} ORDER BY 2
"""
# Runs that go on, mails that wait, and mails of which it is not known yet what became of them.
OPEN = f"""
    SELECT (SELECT count(*) FROM jobs_jobrun WHERE {CHAIN} AND status = 'running'),
           (SELECT count(*) FROM emails_outboxemail WHERE status IN ('pending', 'claimed', 'retry')),
           (SELECT count(*) FROM emails_outboxemail WHERE status = 'calling')
"""
# What must be the same whenever and however often it was made. Links hold keys of the installation.
MADE = {
    "scores": """
        SELECT client.external_id, (to_jsonb(score)
               - '{id,organization_id,client_id,policy_id,computed_at}'::text[])::text
        FROM success_score AS score JOIN accounts_client AS client ON client.id = score.client_id
    """,
    "insights": """
        SELECT client.external_id, period_end, kind, priority, evidence::text, action_url
        FROM success_insight AS insight JOIN accounts_client AS client ON client.id = insight.client_id
    """,
    "alerts": """
        SELECT client.external_id, matter, kind, severity, (evidence - 'task')::text, ended_at
        FROM health_alert AS alert JOIN accounts_client AS client ON client.id = alert.client_id
        WHERE client.external_id LIKE 'client-%%'
    """,
    "mails": """
        SELECT kind, key, to_address, subject, regexp_replace(text, 'https?://[^[:space:]]+', '', 'g')
        FROM emails_outboxemail
    """,
}
# Whether or not a constraint would refuse them. An alert whose condition comes back within hours is the same one.
DOUBLED = {
    "events": "telemetry_event GROUP BY organization_id, message_id",
    "scores": "success_score GROUP BY organization_id, client_id, period_end",
    "insights": "success_insight GROUP BY organization_id, client_id, period_end, kind",
    "alerts": "health_alert GROUP BY organization_id, client_id, matter",
    "alerts open": "health_alert WHERE ended_at IS NULL GROUP BY organization_id, client_id, matter",
    "openings": "health_alertentry WHERE step = 'opened' GROUP BY organization_id, alert_id",
    "outbox": "emails_outboxemail GROUP BY organization_id, kind, key, to_address",
    "contacts": "emails_contact GROUP BY organization_id, kind, key, client_id",
}
Rows = Counter[tuple[object, ...]]


@dataclass
class Flow(Sending):
    """Senders that go on until they are told to end, and then finish what they have begun.

    The first events are those of a few visitors, so that the others come back after they were found to be silent.
    """

    is_over: threading.Event = field(default_factory=threading.Event)

    def send(self, number: int) -> None:
        batch = 0
        while not self.is_over.is_set():
            ids = [f"{number}-{batch}-{i}" for i in range(BATCH)]
            visitors = min(5 + batch, VISITORS)
            body = json.dumps({"batch": [message(message_id, visitors=visitors) for message_id in ids]})
            while not self.is_acknowledged(body):
                time.sleep(0.2)
            with self.lock:
                self.acknowledged.update(ids)
            batch += 1
            time.sleep(0.25)


@dataclass
class Progress:
    """When each stage ended, in seconds from the beginning of the chain; `befell` are mishaps with their time.

    `mails` is when every mail was handed over or in doubt, `doubts` when that was known of those whose sender died
    while handing them over. `down_seconds` are of parts that fell before the end of the mails.
    """

    jobs: float = 0.0
    mails: float = 0.0
    doubts: float = 0.0
    down_seconds: float = 0.0
    befell: list[tuple[float, Mishap]] = field(default_factory=list)
    ended_by_itself: Counter[str] = field(default_factory=Counter)

    @property
    def befell_meanwhile(self) -> list[Mishap]:
        return [mishap for at, mishap in self.befell if at < self.mails]


@dataclass
class Chain:
    """What came of one weekly chain."""

    progress: Progress
    acknowledged: int
    attempts: int
    lost: int
    activity_is_equal: bool
    made: dict[str, Rows]
    doubled: dict[str, int]
    mails: Counter[str]
    delivered: Counter[str]
    missing_mails: int
    checked_again: str
    runs: list[tuple[object, ...]]
    ends: dict[str, str]

    @property
    def doubled_mails(self) -> int:
        return sum(number > 1 for number in self.delivered.values())


@contextmanager
def chain_installation(*, mail_lease_seconds: int = 90) -> Iterator[tuple[Installation, Mailbox]]:
    """Its leases, limits and schedules are those of the product, unless told otherwise."""
    with (
        mail_server() as mailbox,
        installation(
            EMAIL_BACKEND="emails.backends.smtp.EmailBackend",
            EMAIL_URL=f"smtp://127.0.0.1:{mailbox.port}",
            DEFAULT_FROM_EMAIL="Proof <proof@mainstay.example>",
            MAIL_LEASE_SECONDS=str(mail_lease_seconds),
        ) as ours,
    ):
        yield ours, mailbox


def run_chain(
    ours: Installation,
    mailbox: Mailbox,
    *,
    write_key: str,
    mishaps: Sequence[Mishap],
    chance: random.Random,
    at_second: int | None = None,
) -> Chain:
    """The installation is populated and has its schedules; all of its programs are stopped afterwards.

    With `at_second` it begins so many seconds after a full minute: mails wait for the next, and chains are compared.
    """
    flow = Flow(free_port(), write_key)
    running = Running(ours, flow.port)
    for part in ("web", "worker", "clock"):
        running.start(part)
    senders = [threading.Thread(target=flow.send, args=[number]) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        wait_for_worker(ours)
        if at_second is not None:
            time.sleep((at_second - time.time()) % 60)
        progress = work_and_befall(running, mishaps, chance)
    finally:
        flow.is_over.set()
        for sender in senders:
            sender.join()
        running.stop()
    return account(ours, flow, mailbox, progress)


def wait_for_worker(ours: Installation) -> None:
    """One that starts looks at once what is due."""
    deadline = time.monotonic() + START_SECONDS
    while not ours.ask(HAS_LOOKED)[0][0] and time.monotonic() < deadline:
        time.sleep(0.2)


def work_and_befall(running: Running, mishaps: Sequence[Mishap], chance: random.Random) -> Progress:
    """Begin the chain and wait for its end; meanwhile, and after it where many are left, one mishap after the other."""
    ours, left, progress = running.ours, list(mishaps), Progress()
    processes.wait_for_end(ours.start(sys.executable, "-c", BEGIN, log="begin.log"), seconds=60)
    began = time.monotonic()
    while (left or not progress.doubts) and time.monotonic() - began < PATIENCE_SECONDS:
        note_progress(ours, progress, seconds=time.monotonic() - began)
        running.revive()
        time.sleep(chance.uniform(0.3, 1.5))
        if left:
            progress.befell.append((time.monotonic() - began, left[0]))
            down_seconds = running.befall(left.pop(0), chance)
            progress.down_seconds += 0 if progress.mails else down_seconds
    progress.ended_by_itself = running.ended_by_itself
    return progress


def note_progress(ours: Installation, progress: Progress, *, seconds: float) -> None:
    runs, mails, calls = (int(str(number)) for number in ours.ask(OPEN)[0])
    if not runs:
        progress.jobs = progress.jobs or seconds
        if not mails:
            progress.mails = progress.mails or seconds
            if not calls:
                progress.doubts = progress.doubts or seconds


def account(ours: Installation, flow: Flow, mailbox: Mailbox, progress: Progress) -> Chain:
    stored = {str(message_id) for (message_id,) in ours.ask("SELECT message_id FROM telemetry_event")}
    outbox = ours.ask("SELECT to_address, status FROM emails_outboxemail")
    delivered = Counter(parseaddr(str(mail["To"]))[1] for mail in mailbox.messages)
    made = {name: Counter(ours.ask(query)) for name, query in MADE.items()}
    return Chain(
        progress=progress,
        acknowledged=len(flow.acknowledged),
        attempts=flow.attempts,
        lost=len(flow.acknowledged - stored),
        activity_is_equal=ours.ask("SELECT sum(total) FROM telemetry_dailyactivity") == [(len(stored),)],
        made=made,
        mails=Counter(str(status) for _, status in outbox),
        delivered=delivered,
        missing_mails=sum(status == "sent" and not delivered[str(to)] for to, status in outbox),
        runs=ours.ask(RUNS),
        ends={str(job): str(seconds) for job, seconds in ours.ask(ENDS)},
        # The first fails where a rebuild would change anything. The second looks once more at what is stored: it ends
        # the alerts of visitors who came back, and finds none that is missing.
        checked_again=run_commands(ours, ["rebuild_activity", "--check"], ["check_health", "--organization", "proof"]),
        doubled={name: doubled(ours, rows) for name, rows in DOUBLED.items()},
    )


def doubled(ours: Installation, rows: str) -> int:
    return int(str(ours.ask(f"SELECT count(*) FROM (SELECT FROM {rows} HAVING count(*) > 1) AS twice")[0][0]))
