"""Mainstay on host A as the deployment page has it, and what a second host needs to join it."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from devserver import processes
from proofs.deployment import files as deploy_files
from proofs.deployment.deployed import Place, copy_context, run_build_step
from proofs.deployment.production import Production, answers, application_settings, production
from proofs.hosts.network import SUBNET, SWITCH_ADDRESS, Host

WEB, CLOCK, WORKER = "mainstay-web.service", "mainstay-beat.service", "mainstay-worker.service"
# Quicker than an installation would have them, so that the mails of a host that is gone are not waited for so long.
QUICK = {"MAIL_LEASE_SECONDS": "30", "MAIL_FIRST_RETRY_SECONDS": "1", "EMAIL_TIMEOUT": "10"}


@dataclass
class Installed:
    """`settings` are those of /etc/mainstay/mainstay.env, the same on each host; `admin` is the superuser on A."""

    ours: Production
    a: Host
    settings: dict[str, str]
    admin: psycopg.Connection
    running: list[processes.Process] = field(default_factory=list)

    def folder(self, host: Host) -> Path:
        return self.ours.folder / host.name

    def start(self, host: Host, unit: str, **more: str) -> processes.Process:
        """What the unit starts, word for word."""
        command, *_ = deploy_files.unit_commands(
            unit, installed_at=str(self.folder(host)), environment={"WORKER_PROCESSES": "1"}
        )
        environment = {"PATH": self.ours.environment["PATH"], "PYTHONUNBUFFERED": "1", **self.settings, **more}
        log = self.ours.folder / f"{host.name}-{unit}.log"
        process = host.start(command, log=log, environment=environment, cwd=self.folder(host))
        self.running.append(process)
        return process

    def put_code_on(self, host: Host) -> None:
        if self.folder(host).exists():
            return
        copy_context(self.folder(host))
        run_build_step(Place(self.ours, self.folder(host), 0))

    def manage(self, *arguments: str) -> str:
        """Run manage.py with the owner's password, as the machine does that migrates."""
        with self.a.entered():
            return self.ours.shell("python manage.py " + " ".join(arguments), **self.migrating)

    def python(self, code: str, *arguments: str) -> str:
        with self.a.entered():
            return self.ours.shell('python -c "$CODE" ' + " ".join(arguments), CODE=code, **self.migrating)

    @property
    def migrating(self) -> Mapping[str, str]:
        return self.settings | {"DATABASE_OWNER_URL": self.ours.environment["DATABASE_OWNER_URL"]}

    def ask(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        return self.admin.execute(query, parameters).fetchall()

    def is_ready(self) -> bool:
        with self.a.entered():
            return answers("http://127.0.0.1:8000/readyz") == 200


@contextmanager
def installed_on(a: Host, *, mail_port: int) -> Iterator[Installed]:
    """A migrated database and a broker on A, which the hosts at the switch may reach; none of our programs runs yet."""
    with ExitStack() as stack:
        with a.entered():
            ours = stack.enter_context(production(listen_addresses="*"))
            for command in deploy_files.documented_commands("deployment.md", "Roles and database"):
                ours.shell(command)
            redis.Redis.from_url(ours.redis_url).config_set("bind", f"127.0.0.1 {a.address}")
            admin = psycopg.connect(ours.environment["SUPERUSER_AT_MAINSTAY_URL"], autocommit=True)
        there = Installed(ours, a, _settings(ours, a, mail_port), stack.enter_context(admin))
        _let_in(admin)
        there.manage("migrate", "--no-input", "--verbosity", "0")
        there.manage("sync_schedules")
        try:
            yield there
        finally:
            for process in there.running:
                processes.stop(process, first=signal.SIGKILL)


def _let_in(admin: psycopg.Connection) -> None:
    """By password, and the serving role only."""
    [(path,)] = admin.execute("SHOW hba_file").fetchall()
    with Path(path).open("a") as rules:
        rules.write(f"host mainstay mainstay_app {SUBNET} scram-sha-256\n")
    admin.execute("SELECT pg_reload_conf()")


def _settings(ours: Production, a: Host, mail_port: int) -> dict[str, str]:
    return {
        **application_settings(),
        **QUICK,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": ours.environment["DATABASE_URL"].replace("@127.0.0.1:", f"@{a.address}:"),
        "DATABASE_OWNER_URL": f"postgres://mainstay_owner@{a.address}:5432/mainstay",
        "REDIS_URL": ours.redis_url.replace("@127.0.0.1:", f"@{a.address}:"),
        "EMAIL_URL": f"smtp://{SWITCH_ADDRESS}:{mail_port}",
    }
