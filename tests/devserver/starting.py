"""Runs the starter as its users do: as a program, in an environment that names no servers."""

import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from devserver import processes
from devserver.clone import ROOT

_NOT_INHERITED = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "CRON_SECRET", "MAKELEVEL")


def devserver_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "devserver", *arguments]


def bare_environment(**extra: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return inherited | extra


def devserver(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        devserver_command(*arguments),
        cwd=ROOT,
        env=bare_environment(**extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@dataclass(frozen=True)
class Pair:
    """The detached servers of one folder."""

    folder: Path

    def start(self, **extra: str) -> dict[str, str]:
        """Start them; returns the environment they come with."""
        done = devserver("services", "start", "--durable", "--dir", str(self.folder), **extra)
        assert done.returncode == 0, done.stderr
        return self.environment()

    def environment(self) -> dict[str, str]:
        words = [word for word in shlex.split((self.folder / "env").read_text()) if word != "export"]
        return dict(word.split("=", 1) for word in words)

    def stop(self) -> None:
        devserver("services", "stop", "--dir", str(self.folder))

    def noted(self, name: str) -> Any:
        return json.loads((self.folder / "state.json").read_text())[name]

    @property
    def data(self) -> Path:
        return Path(self.noted("home"), "postgres", "data")

    def server_ids(self) -> list[int]:
        return processes.strays("postgres", self.data)

    def kill(self) -> None:
        for pid in self.server_ids():
            processes.end_stray(pid, in_turn=(signal.SIGKILL,), seconds=5)


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []
