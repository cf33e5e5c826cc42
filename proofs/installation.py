"""An installation of its own for a proof: its servers have the settings of data that counts and can be killed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from devserver import hosting, keys, ports, processes, services
from devserver.homes import remove
from devserver.supervision import Service


@dataclass
class Installation:
    """`environment` is what every process of it is started with, `code` the folder whose programs run."""

    environment: dict[str, str]
    servers: services.Servers
    logs: Path
    code: Path = field(default_factory=Path.cwd)

    @property
    def database(self) -> Service:
        return next(service for service in self.servers.running if service.name == "PostgreSQL")

    def start(self, *command: str, log: str) -> processes.Process:
        """Start one of our programs in a session of its own."""
        return processes.spawn(
            command, log=self.logs / log, env=self.environment, cwd=self.code, dies_with_us=signal.SIGKILL
        )

    def start_web(self, port: int) -> processes.Process:
        return self.start(
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers", "config.wsgi:application",
            log="web.log",
        )  # fmt: skip

    def manage(self, *arguments: str) -> str:
        """Run manage.py and give what it printed."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.code, env=self.environment, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def kill_database(self) -> None:
        """kill -9 of the server and all its backends at once, and start it again: it recovers from its log."""
        if self.database.process:
            processes.kill_group(self.database.process.pid)
            self.database.process.wait()
        self.database.start()

    def ask(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read with the serving role, in the scope of all organizations."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            connection.execute("SELECT set_config('mainstay.scope', 'all', true)")
            return connection.execute(query, parameters).fetchall()

    def change(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Write with the serving role, in the scope of all organizations."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            connection.execute("SELECT set_config('mainstay.scope', 'all', true)")
            connection.execute(statement, parameters)


@contextmanager
def installation(code: Path | None = None, /, **settings: str) -> Iterator[Installation]:
    """Servers, a migrated database and the environment to run programs in; all of it is gone afterwards."""
    secrets = keys.make()
    with hosting.scratch(remove) as folder, tempfile.TemporaryDirectory() as logs:
        servers = services.Servers(folder, Path(logs), lasting=True)
        try:
            addresses = servers.start(secrets)
            ours = (
                services.environment(addresses, secrets) | {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"} | settings
            )
            made = Installation(services.full_environment(os.environ | ours), servers, Path(logs), code or Path.cwd())
            made.manage("migrate", "--verbosity", "0")
            yield made
        finally:
            servers.stop()


def free_port() -> int:
    return ports.choose(None)
