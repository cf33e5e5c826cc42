"""An installation grows to a million clients and ten million events; at each size everything is measured again.

Events over HTTP, the weekly chain through the workers, the hourly check, pages, disk, and dump and restore by the
commands of the backup page. It goes on with the restored database, and in the end mail is sent from that: none of what
was sent before.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from devserver import ports, processes
from proofs.deployment import files as deploy_files
from proofs.deployment.production import Production, answers, application_settings, production
from proofs.deployment.restored_backup import python
from proofs.faults.disturbances import family
from proofs.mail.server import Mailbox, mail_server
from proofs.size.backup import back_up_and_restore
from proofs.size.figures import Figures
from proofs.size.growth import complaints, growth_table

SIZES = (10_000, 100_000, 1_000_000)
REQUESTS = 1_000
SENDING_SECONDS = 15
WORKERS = 2
PATIENCE_SECONDS = 240
ANOTHER_MINUTE_SECONDS = 75
AFTERWARDS = """
from django.utils import timezone
from emails.outbox import queue_email
now = timezone.now()
queue_email("operator_alert", key="size", to_address="op@example.com", subject="New", text="New.", queued_at=now)
"""


def prove() -> bool:
    """Print the figures; True when what is required held."""
    with mail_server() as mailbox, production() as ours:
        set_up(ours, mailbox)
        grown = []
        for clients in SIZES:
            figures = at_size(ours, clients)
            figures |= back_up_and_restore(ours, sending_seconds=SENDING_SECONDS)
            grown.append(figures)
            print(growth_table(grown), flush=True)
        wrong = [*complaints(grown), *mail_after_restore(ours, mailbox)]
    print("\n".join(["", *wrong]))
    return not wrong


def set_up(ours: Production, mailbox: Mailbox) -> None:
    ours.environment |= application_settings() | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "REDIS_URL": ours.redis_url,
        "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
    }
    for command in deploy_files.documented_commands("deployment.md", "Roles and database"):
        ours.shell(command)
    ours.shell("python manage.py migrate --no-input --verbosity 0 && python manage.py sync_schedules")


def at_size(ours: Production, clients: int) -> Figures:
    """Grow, with web and worker at work, and measure in a process that has the installation's settings."""
    with at_work(ours) as (port, worker):
        command = [sys.executable, "-m", "proofs.size.at_size", *map(str, (clients, REQUESTS, port, worker))]
        done = subprocess.run(command, env=ours.environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


@contextmanager
def at_work(ours: Production) -> Iterator[tuple[int, int]]:
    """The web server's port and the worker's process id."""
    port = ports.choose(None)
    command = deploy_files.image_command()
    command[command.index("8000")] = str(port)
    web = start(ours, command, "web")
    worker = start(
        ours, ["celery", "-A", "config", "worker", "--concurrency", str(WORKERS), "--loglevel", "ERROR"], "worker"
    )
    try:
        processes.wait_for_start(web, lambda: answers(f"http://127.0.0.1:{port}/healthz") == 200, seconds=60)
        processes.wait_for_start(worker, lambda: len(family(worker.pid)) > WORKERS, seconds=60)
        yield port, worker.pid
    finally:
        for process in (web, worker):
            processes.stop(process, seconds=60)


def start(ours: Production, command: list[str], name: str) -> processes.Process:
    return ours.start(command, log=f"{name}.log", environment=ours.environment, cwd=deploy_files.ROOT)


def mail_after_restore(ours: Production, mailbox: Mailbox) -> list[str]:
    """Worker and clock start on the restored database: what is new is sent, and nothing twice; what did not hold."""
    before = len(mailbox.accepted)
    python(ours, AFTERWARDS)
    clock = start(ours, ["celery", "-A", "config", "beat", "--loglevel", "ERROR"], "clock")
    try:
        with at_work(ours):
            deadline = time.monotonic() + PATIENCE_SECONDS
            while len(mailbox.accepted) == before and time.monotonic() < deadline:
                time.sleep(1)
            # All that could go out at once has gone when the clock has asked once more.
            time.sleep(ANOTHER_MINUTE_SECONDS)
    finally:
        processes.stop(clock)
    sent = Counter(str(mail["Message-ID"]) for mail in mailbox.messages)
    twice = sum(count > 1 for count in sent.values())
    new = len(mailbox.accepted) - before
    print(f"size: {before:,} mails were sent before the restore, {new} after it, {twice} twice.")
    return [] if (new, twice) == (1, 0) else [f"{new} new mails instead of one, {twice} mails were sent twice"]
