"""An installation as the deployment page makes it: bare servers, the documented roles, production settings."""

import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devserver import hosting, postgres, processes, provision
from devserver.binaries import postgres_programs
from devserver.homes import remove
from devserver.valkey import Valkey
from proofs.deployment import files as deploy_files

PASSWORDS = ("OWNER", "APP", "BACKUP")
HOST = "mainstay.example.com"


@dataclass
class Production:
    """`environment` is what its commands are run with: addresses, passwords, and programs on the path."""

    environment: dict[str, str]
    folder: Path
    redis_url: str

    @property
    def postgres_address(self) -> str:
        return self.environment["SUPERUSER_URL"].rpartition("@")[2].partition("/")[0]

    def shell(self, command: str, **more: str) -> str:
        """Run a line as a person would and give what it printed; raises CalledProcessError."""
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", command], env=self.environment | more, cwd=deploy_files.ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.stderr.write(done.stdout)
        done.check_returncode()
        return done.stdout

    def start(self, command: list[str], *, log: str, environment: Mapping[str, str], cwd: Path) -> processes.Process:
        return processes.spawn(command, log=self.folder / log, env=environment, cwd=cwd, dies_with_us=signal.SIGKILL)


def application_settings() -> dict[str, str]:
    """deploy/example.env, filled in as its comments ask."""
    filled = {"SECRET_KEY": secrets.token_urlsafe(60), "CRON_SECRET": secrets.token_hex(32)}
    return deploy_files.example_env("example.env") | filled


def answers(url: str) -> int:
    """The status of a GET as the proxy would send it; 0 while nobody answers."""
    request = urllib.request.Request(url, headers={"X-Forwarded-Proto": "https", "Host": HOST})  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextmanager
def production(**database_settings: str) -> Iterator[Production]:
    """Servers that nobody has prepared; all of it is gone afterwards."""
    database_settings = postgres.lasting_settings() | database_settings
    account = hosting.service_account()
    with hosting.scratch(remove) as folder:
        cluster = postgres.Postgres(folder / "postgres", account, folder / "postgres.log", database_settings)
        broker = Valkey(folder / "valkey", account, folder / "valkey.log", secrets.token_hex(16), lasting=False)
        running: list[processes.Process] = []
        try:
            database, port = cluster.start(None, signal.SIGQUIT)
            running.append(database)
            valkey, valkey_port = broker.start(None, signal.SIGTERM)
            running.append(valkey)
            programs = postgres_programs(folder, account)
            yield Production(_environment(cluster.url(port), programs), folder, broker.url(valkey_port))
        finally:
            for process in running:
                processes.stop(process, first=signal.SIGINT)


def _environment(superuser_url: str, programs: Path) -> dict[str, str]:
    passwords = {name: secrets.token_hex(16) for name in PASSWORDS}
    at_mainstay = provision.at_database(superuser_url, "mainstay")
    logins = {
        name: provision.with_login(at_mainstay, f"mainstay_{name.lower()}", each) for name, each in passwords.items()
    }
    return {
        **{f"MAINSTAY_{name}_PASSWORD": each for name, each in passwords.items()},
        "SUPERUSER_URL": superuser_url,
        "SUPERUSER_AT_MAINSTAY_URL": at_mainstay,
        "BACKUP_URL": logins["BACKUP"],
        "DATABASE_OWNER_URL": logins["OWNER"],
        "DATABASE_URL": logins["APP"],
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(programs), os.environ["PATH"]]),
        "LC_ALL": "C.UTF-8",
    }
