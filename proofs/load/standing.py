"""An installation as a deployment starts it, filled, with everything running."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.messages import CLIENTS
from benchmarks.web import wait_until_up
from devserver import processes
from devserver.supervision import Service
from proofs.installation import Installation, free_port, installation
from proofs.load.traffic import Credentials, Traffic
from proofs.mail.server import mail_server

POPULATE = "import django; django.setup(); from proofs.load.population import main; main()"
BEGIN = """
import django, sys; django.setup()
from django.utils import timezone
from jobs.definitions import job_named
from jobs.ledger import begin_run
from jobs.models import JobRun
now = timezone.now()
for job in map(job_named, sys.argv[1:]):
    begin_run(job, job.every.period_of(now), trigger=JobRun.Trigger.COMMAND, due_at=now, now=now, again=True)
"""
# With the options of the deployment page.
COMMANDS = {
    "web": "granian --interface wsgi --workers 2 --blocking-threads 16 --respawn-failed-workers"
    " --workers-kill-timeout 30 --port {port} config.wsgi:application",
    "worker": "celery -A config worker --concurrency 2 --loglevel INFO --without-mingle",
    "clock": "celery -A config beat --loglevel INFO",
}


@dataclass
class Standing:
    """`programs` are the leaders of its parts, by name."""

    ours: Installation
    address: tuple[str, int]
    organizations: list[Credentials]
    programs: dict[str, processes.Process]

    def pids(self) -> dict[str, int]:
        servers = {"database": "PostgreSQL", "broker": "Valkey"}
        leaders = self.programs | {part: self._server(name).process for part, name in servers.items()}
        return {part: process.pid for part, process in leaders.items() if process}

    def _server(self, name: str) -> Service:
        return next(service for service in self.ours.servers.running if service.name == name)

    def traffic(self, shares: Mapping[str, int], *, mark: str) -> Traffic:
        return Traffic(self.organizations, shares, clients=CLIENTS, mark=mark)

    def begin(self, *jobs: str) -> None:
        """Begin these jobs once more for the period that goes on; the workers do them. Does not wait."""
        self.ours.start(sys.executable, "-c", BEGIN, *jobs, log="begin.log")

    def log(self, part: str) -> str:
        return (self.ours.logs / f"{part}.log").read_text(errors="replace")


@contextmanager
def standing() -> Iterator[Standing]:
    """Web, worker, clock and a mail server; all of it is gone afterwards."""
    with mail_server() as mailbox:
        mail = f"smtp://127.0.0.1:{mailbox.port}"
        with installation(DJANGO_SETTINGS_MODULE="proofs.load.settings", EMAIL_URL=mail) as ours:
            made = ours.start(sys.executable, "-c", POPULATE, log="organizations.json")
            if processes.wait_for_end(made, seconds=300):
                raise RuntimeError(processes.tail(ours.logs / "organizations.json"))
            organizations = json.loads((ours.logs / "organizations.json").read_text())
            ours.manage("sync_schedules")
            port = free_port()
            running = {part: start(ours, part, port) for part in COMMANDS}
            try:
                wait_until_up(port)
                yield Standing(ours, ("127.0.0.1", port), [Credentials(**each) for each in organizations], running)
            finally:
                for process in running.values():
                    processes.stop(process)


def start(ours: Installation, part: str, port: int) -> processes.Process:
    return ours.start(sys.executable, "-m", *COMMANDS[part].format(port=port).split(), log=f"{part}.log")
