"""PostgreSQL and the broker as a pair: ours, or the ones that the environment names."""

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from devserver import hosting, keys, postgres, processes, provision, valkey
from devserver.clone import ROOT, RUN, RunFolder
from devserver.hosting import Account
from devserver.postgres import Postgres
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
    servers end with this process, others live until `stop_strays`.
    """

    home: Path
    logs: Path
    lasting: bool
    memory: RunFolder | None = None
    attended: bool = True
    _stops: list[Callable[[], None]] = field(default_factory=list)

    def start(self, secrets: Mapping[str, str]) -> Addresses:
        """Start and provision what is needed; on failure nothing stays behind."""
        try:
            database_url, owner_url = self._database(secrets)
            return Addresses(database_url, owner_url, os.environ.get("REDIS_URL") or self._broker())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what was started, last first."""
        while self._stops:
            self._stops.pop()()

    def stop_strays(self) -> None:
        """Stop servers on this folder's data whoever started them."""
        self._postgres(None).stop_stray()
        self._valkey(None).stop_stray()

    def _database(self, secrets: Mapping[str, str]) -> tuple[str, str]:
        given = os.environ.get("DATABASE_URL")
        if given:
            return _given_database(given)
        cluster = self._postgres(hosting.service_account())
        dying = (signal.SIGINT if self.lasting else signal.SIGQUIT) if self.attended else None
        server, port = cluster.start(self._remembered("postgres_port"), dying)
        self._stops.append(lambda: postgres.stop(server))
        self._remember(postgres_port=port)
        return provision.provision_cluster(
            cluster.url(port),
            owner_password=secrets["owner_password"],
            serving_password=secrets["serving_password"],
        )

    def _broker(self) -> str:
        server, port, url = self._valkey(hosting.service_account()).start(
            self._remembered("valkey_port"), signal.SIGTERM if self.attended else None
        )
        self._stops.append(lambda: valkey.stop(server))
        self._remember(valkey_port=port)
        return url

    def _postgres(self, account: Account | None) -> Postgres:
        settings = postgres.lasting_settings() if self.lasting else postgres.throwaway_settings()
        return Postgres(self.home / "postgres", account, self.logs / "postgres.log", settings)

    def _valkey(self, account: Account | None) -> Valkey:
        return Valkey(self.home / "valkey", account, self.logs / "valkey.log", self.lasting)

    def _remembered(self, name: str) -> int | None:
        return self.memory.remembered(name) if self.memory else None

    def _remember(self, **facts: int) -> None:
        if self.memory:
            self.memory.remember(**facts)


@contextmanager
def throwaway(*, lasting: bool = False) -> Iterator[dict[str, str]]:
    """Servers with empty data for as long as the block lasts, as an environment; nothing of them remains.

    `lasting` gives them the settings of data that counts, as measuring needs it.
    """
    secrets = keys.make()
    with hosting.scratch(_remove) as folder:
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


def data_home(run: RunFolder) -> Path:
    """Where lasting data lies: in the folder itself, or outside where the servers' account cannot reach it."""
    account = hosting.service_account()
    remembered = run.remembered("home")
    if remembered and Path(remembered).is_dir() and _owner_of(Path(remembered)) == str(run.path):
        return Path(remembered)
    _remove_orphans(run)
    if hosting.holds_data(run.path, account):
        home = run.path / "servers"
        home.mkdir(mode=0o711, exist_ok=True)
    else:
        home = hosting.make_outside(_OUTSIDE_PREFIX, account)
    (home / "belongs-to").write_text(f"{run.path}\n")
    run.remember(home=str(home))
    return home


def discard(run: RunFolder) -> None:
    """Stop the servers of a folder and delete their data, wherever it lies."""
    remembered = run.remembered("home")
    if remembered and _owner_of(Path(remembered)) == str(run.path):
        _remove(Path(remembered))
    _remove_orphans(run)


_OUTSIDE_PREFIX = "mainstay-data-"


def _given_database(given: str) -> tuple[str, str]:
    owner = os.environ.get("DATABASE_OWNER_URL")
    if owner:
        return given, owner
    # Roles are shared by all databases of a server: a name of its own keeps two clones from changing each other's
    # password.
    login = f"{provision.SERVING_LOGIN}_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    password = keys.load(RUN.create().secrets)["serving_password"]
    return provision.provision_given(given, login=login, password=password), given


def _owner_of(home: Path) -> str | None:
    try:
        return (home / "belongs-to").read_text().strip()
    except OSError:
        return None


def _remove_orphans(run: RunFolder) -> None:
    """Data outside that was this folder's, when the folder itself was deleted and made again."""
    for base in hosting.private_bases():
        for home in base.glob(f"{_OUTSIDE_PREFIX}*"):
            with suppress(OSError):
                if home.lstat().st_uid == os.geteuid() and _owner_of(home) == str(run.path):
                    _remove(home)


def _remove(home: Path) -> None:
    Servers(home, home, lasting=False).stop_strays()
    shutil.rmtree(home, ignore_errors=True)
