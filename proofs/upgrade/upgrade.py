"""An installation of the former release with a million events is upgraded while it is used: migrations run beside
requests and jobs and a transaction that does not end soon, the former release's code serves on the new schema, and the
new one takes over. No request fails, and none waits for a lock for two seconds.

`UPGRADE_FROM` says from which tag or commit, see `releases`.
"""

import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from proofs.installation import Installation, free_port, installation
from proofs.mail.server import Mailbox, mail_server
from proofs.upgrade.locks import LockWatch
from proofs.upgrade.population import populate
from proofs.upgrade.releases import NoFormerReleaseError, changed_requirements, former_release, lay_out
from proofs.upgrade.running import Running
from proofs.upgrade.visitors import Visitors, summary

EVENTS = 1_000_000
MAILS = 20_000
DUE_MAILS = 300
LONGEST_WAIT_SECONDS = 2.0
# For how long a report or a dump that reads what migrations change is in their way, once it is.
READER_SECONDS = 10.0
LONGEST_READER_SECONDS = 120.0
QUIET_SECONDS = 20.0
# The clock ticks every minute.
TICK_SECONDS = 75.0
LAST_MAILS_SECONDS = 200.0
IN_THE_WAY = """
    SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                   WHERE NOT l.granted AND l.locktype = 'relation' AND a.usename = current_user)
"""
READ = "SELECT count(*) FROM emails_outboxemail, (SELECT count(*) FROM accounts_client) AS clients"
SENT_MEANWHILE = "SELECT message_id FROM telemetry_event WHERE message_id NOT LIKE 'past-%%'"
NOT_RIGHT = "SELECT job, status, error_count FROM jobs_jobrun WHERE status IN ('failed', 'partial') OR error_count > 0"
OPEN_MAILS = "SELECT count(*) FROM emails_outboxemail WHERE status <> 'sent' AND kind = 'proof_notice'"
RUN_JOBS = """
from django.core.management import call_command
from config.schedules import JOBS
for job in JOBS:
    try:
        call_command("run_job", job, again=True)
        print("DONE", job)
    except SystemExit:
        print("FAILED", job)
"""
DONE = re.compile(r"^DONE (\S+)$", re.MULTILINE)
LOGGED_WAIT = re.compile(r"(?:still waiting for|acquired) .* after (\d+\.\d+) ms")
APPLIED = re.compile(r"Applying (\S+)\.\.\. OK")
# What says in a log that something went wrong: the last line of a traceback, or a line of its level.
TROUBLE = re.compile(r"^(?:Traceback.*\n(?:[ \t].*\n)*(.+)|.*(?:\bERROR\b|CRITICAL|\[error +\] )(.+))$", re.MULTILINE)


@dataclass
class Upgrade:
    """The installation seen by either release, and what came of it."""

    former: Installation
    new: Installation
    running: Running
    visitors: Visitors
    held: list[bool] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """No request may fail or wait for long meanwhile."""
        began = time.monotonic()
        with LockWatch(self.former.environment["DATABASE_OWNER_URL"]) as watch:
            yield
        ended = time.monotonic()
        answers = self.visitors.between(began, ended)
        waits = "; ".join(f"{who}: {wait}" for who, wait in watch.longest.items()) or "none seen"
        print(f"upgrade, {name} ({ended - began:.0f} s): {summary(answers)}\n    lock waits: {waits}", flush=True)
        self.held += [
            bool(answers) and all(each.is_good for each in answers),
            all(wait.seconds < LONGEST_WAIT_SECONDS for wait in watch.longest.values()),
        ]

    def run_jobs(self, ours: Installation) -> None:
        """Every job of that release once, whether it is due or not, beside the workers."""
        told = ours.manage("shell", "--no-imports", "--command", RUN_JOBS)
        print(f"    ran {' '.join(DONE.findall(told))}", flush=True)
        self.held += [bool(DONE.search(told)), "FAILED" not in told]
        if "FAILED" in told:
            print(told)


def prove() -> bool:
    """Print the figures; True when everything held."""
    return prove_with(events=EVENTS)


def prove_with(*, events: int) -> bool:
    try:
        release = former_release()
    except NoFormerReleaseError as reason:
        print(f"upgrade: not tried, {reason}")
        return False
    with tempfile.TemporaryDirectory() as folder, mail_server() as mailbox:
        code = lay_out(release, Path(folder))
        print(f"upgrade: from {release}; pinned otherwise then: {', '.join(changed_requirements(code)) or 'nothing'}")
        mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}", "DEFAULT_FROM_EMAIL": "Proof <proof@mainstay.example>"}
        with installation(code, **mail) as former:
            log_lock_waits(former)
            keys = populate(former, events=events, mails=MAILS, due=DUE_MAILS)
            former.manage("sync_schedules")
            running = Running(free_port())
            new = replace(former, code=Path.cwd())
            upgrade = Upgrade(former, new, running, Visitors(running.port, keys))
            try:
                take_over(upgrade)
                return all([*upgrade.held, is_mailed_once(new, mailbox), *is_accounted(upgrade)])
            finally:
                running.stop_all()


def take_over(upgrade: Upgrade) -> None:
    """As docs/upgrading.md says."""
    former, new, running = upgrade.former, upgrade.new, upgrade.running
    for part in ("web", "worker", "beat"):
        running.start(former, part, release="former")
    upgrade.run_jobs(former)
    with upgrade.visitors:
        with upgrade.phase("former release, as ever"):
            time.sleep(QUIET_SECONDS)
        with upgrade.phase("migrations"), somebody_who_reads(former):
            began = time.monotonic()
            told = new.manage("migrate", "--no-input")
            new.manage("sync_schedules")
            print(f"    migrated in {time.monotonic() - began:.1f} s; begun again {told.count('begun again')} times:"
                  f" {', '.join(APPLIED.findall(told))}")  # fmt: skip
        with upgrade.phase("former release on the new schema"):
            upgrade.run_jobs(former)
            time.sleep(TICK_SECONDS)
        with upgrade.phase("the new release takes over"):
            # A worker first: it knows the tasks of either release.
            for part in ("worker", "beat"):
                running.stop(part, release="former")
                running.start(new, part, release="new")
            running.start(new, "web beside", release="new")
            running.stop("web", release="former")
            running.start(new, "web", release="new")
            running.stop("web beside", release="new")
        with upgrade.phase("new release"):
            upgrade.run_jobs(new)
            time.sleep(TICK_SECONDS)


@contextmanager
def somebody_who_reads(ours: Installation) -> Iterator[None]:
    """A transaction that reads what migrations change and lasts, as that of a report or a dump does."""
    has_begun = threading.Event()

    def read() -> None:
        with psycopg.connect(ours.environment["DATABASE_URL"]) as connection:
            connection.execute(READ)
            has_begun.set()
            wait_until_in_the_way(ours)
            time.sleep(READER_SECONDS)

    reader = threading.Thread(target=read)
    reader.start()
    has_begun.wait()
    yield
    reader.join()


def wait_until_in_the_way(ours: Installation) -> None:
    deadline = time.monotonic() + LONGEST_READER_SECONDS
    with psycopg.connect(ours.environment["DATABASE_OWNER_URL"], autocommit=True) as connection:
        while connection.execute(IN_THE_WAY).fetchone() == (False,) and time.monotonic() < deadline:
            time.sleep(0.05)


def log_lock_waits(ours: Installation) -> None:
    """Of more than a second."""
    password = (ours.servers.home / "postgres" / "superuser").read_text().strip()
    with psycopg.connect(
        ours.environment["DATABASE_OWNER_URL"], user="postgres", password=password, autocommit=True
    ) as connection:
        connection.execute("ALTER SYSTEM SET log_lock_waits = on")
        connection.execute("SELECT pg_reload_conf()")


def is_accounted(upgrade: Upgrade) -> list[bool]:
    """Every acknowledged event is there once and counted, no run failed, and no log tells of trouble."""
    ours = upgrade.new
    stored = Counter(str(message_id) for [message_id] in ours.ask(SENT_MEANWHILE))
    lost, doubled = upgrade.visitors.acknowledged - set(stored), sum(number > 1 for number in stored.values())
    difference = ours.manage("rebuild_activity", "--check").strip()
    runs = ours.ask(NOT_RIGHT)
    logs = {log.name: troubles(log) for log in sorted(ours.logs.glob("* of *.log"))}
    # A wait for a table ends with "at character 22", others with the time.
    waits = [float(each) for each in LOGGED_WAIT.findall((ours.logs / "postgres.log").read_text(errors="replace"))]
    print(f"upgrade: {len(upgrade.visitors.acknowledged):,} events acknowledged, {len(lost)} lost, {doubled} doubled;"
          f" activity: {difference}; runs with errors: {runs or 'none'};"
          f" waits of over a second in PostgreSQL's log: {waits or 'none'}")  # fmt: skip
    for name, lines in logs.items():
        for line, number in Counter(lines).most_common(8):
            print(f"    {number} x {name}: {line[:300]}")
    is_short = all(wait < LONGEST_WAIT_SECONDS * 1000 for wait in waits)
    return [not lost, not doubled, not runs, not any(logs.values()), is_short]


def troubles(log: Path) -> list[str]:
    return ["".join(each) for each in TROUBLE.findall(log.read_text(errors="replace"))]


def is_mailed_once(ours: Installation, mailbox: Mailbox) -> bool:
    """What was due before, during and after the migrations; either release sent some of it."""
    deadline = time.monotonic() + LAST_MAILS_SECONDS
    while ours.ask(OPEN_MAILS) != [(0,)] and time.monotonic() < deadline:
        time.sleep(1)
    sent = Counter(str(mail["Subject"]) for mail in mailbox.messages if str(mail["Subject"]).startswith("Notice "))
    print(f"upgrade: {DUE_MAILS} mails fell due meanwhile, {len(sent)} sent, {sent.total() - len(sent)} twice")
    return len(sent) == sent.total() == DUE_MAILS
