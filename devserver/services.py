"""PostgreSQL and the broker as a pair: ours, or the ones that the environment names."""

import hashlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devserver import UnableToStartError, hosting, keys, postgres, processes, valkey
from devserver.clone import ROOT, RUN, RunFolder
from devserver.homes import remove
from devserver.postgres import Postgres
from devserver.supervision import Service, stop_all
from devserver.valkey import Valkey


@dataclass(frozen=True)
class Addresses:
    """Where the application finds its servers."""

    database_url: str
    owner_url: str
    redis_url: str


@dataclass
class Servers:
    """The servers that the environment does not name, in one folder.

    `lasting` data survives everything; other data may be lost and is faster. `memory` remembers the ports. Attended
    servers end with this process, others live on.
    """

    home: Path
    logs: Path
    lasting: bool
    memory: RunFolder | None = None
    attended: bool = True
    running: list[Service] = field(default_factory=list)

    def start(self, secrets: Mapping[str, str]) -> Addresses:
        """Start and provision what is needed; on failure nothing stays behind."""
        try:
            database_url, owner_url = self._database(secrets)
            redis_url = _given_broker() or self._broker(secrets["broker_password"])
        except BaseException:
            self.stop()
            raise
        return Addresses(database_url, owner_url, redis_url)

    def stop(self) -> None:
        """Stop what was started."""
        stop_all(self.running, together=0)

    def _database(self, secrets: Mapping[str, str]) -> tuple[str, str]:
        from devserver import provision

        given = os.environ.get("DATABASE_URL")
        if given:
            return _given_database(given)
        settings = postgres.lasting_settings() if self.lasting else postgres.throwaway_settings()
        log = self.logs / "postgres.log"
        cluster = Postgres(self.home / "postgres", hosting.service_account(), log, settings)
        port = self._run("PostgreSQL", cluster, postgres.STOP_SIGNAL, postgres.STOP_SECONDS)
        return provision.provision_cluster(
            cluster.url(port),
            owner_password=secrets["owner_password"],
            serving_password=secrets["serving_password"],
        )

    def _broker(self, password: str) -> str:
        log = self.logs / "valkey.log"
        server = Valkey(self.home / "valkey", hosting.service_account(), log, password, self.lasting)
        return server.url(self._run("Valkey", server, valkey.STOP_SIGNAL, valkey.STOP_SECONDS))

    def _run(self, name: str, server: Postgres | Valkey, stop_signal: signal.Signals, stop_seconds: float) -> int:
        memory_key = f"{name.lower()}_port"
        # Data that may be lost need not be written when we are killed.
        dying = None if not self.attended else stop_signal if self.lasting else signal.SIGQUIT
        process, port = server.start(self.memory.remembered(memory_key) if self.memory else None, dying)

        def launch_again() -> processes.Process:
            again, new_port = server.start(port, dying)
            if new_port != port:
                processes.stop(again, first=stop_signal)
                raise UnableToStartError(f"Another program took port {port} while {name} was down. Start again.")
            return again

        self.running.append(Service(name, server.log, launch_again, stop_signal, stop_seconds, process))
        if self.memory:
            self.memory.remember(**{memory_key: port})
        return port


@contextmanager
def throwaway(*, lasting: bool = False) -> Iterator[dict[str, str]]:
    """Servers with empty data for as long as the block lasts, as an environment; nothing of them remains.

    `lasting` gives them the settings of data that counts, as measuring needs it.
    """
    secrets = keys.make()
    with hosting.scratch(remove) as folder:
        logs = folder / "logs"
        logs.mkdir(mode=0o700)
        servers = Servers(folder, logs, lasting)
        try:
            yield environment(servers.start(secrets), secrets)
        finally:
            servers.stop()


def environment(addresses: Addresses, secrets: Mapping[str, str]) -> dict[str, str]:
    """What the application reads from its environment; keys that are set already stay."""
    made = {"SECRET_KEY": secrets["secret_key"], "CRON_SECRET": secrets["cron_secret"]}
    return {
        **{name: os.environ.get(name) or value for name, value in made.items()},
        "DATABASE_URL": addresses.database_url,
        "DATABASE_OWNER_URL": addresses.owner_url,
        "REDIS_URL": addresses.redis_url,
    }


def full_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program of the project: what we have, ours on top, and our programs on the path."""
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])
    return {**os.environ, **ours, "PATH": path, "PYTHONUNBUFFERED": "1"}


def _given_database(given: str) -> tuple[str, str]:
    from devserver import provision

    owner = os.environ.get("DATABASE_OWNER_URL")
    if owner:
        provision.require_usable(given)
        return given, owner
    # Roles are shared by all databases of a server: a name of its own keeps two clones from changing each other's
    # password.
    login = f"{provision.SERVING_LOGIN}_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    password = keys.load(RUN.create().secrets)["serving_password"]
    return provision.provision_given(given, login=login, password=password), given


def _given_broker() -> str | None:
    given = os.environ.get("REDIS_URL")
    if given:
        import redis
        from django.core.exceptions import ImproperlyConfigured

        from config.env import cache_url

        try:
            redis.Redis.from_url(cache_url(given), socket_connect_timeout=5).ping()
        except (redis.RedisError, ImproperlyConfigured, ValueError) as error:
            raise UnableToStartError(f"The broker at REDIS_URL cannot be used: {error}") from error
    return given or None
