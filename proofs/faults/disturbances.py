"""What befalls an installation at random: its parts are killed and frozen, and start again."""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from devserver import processes
from devserver.supervision import Service
from proofs.installation import Installation

PARTS = ("worker", "worker's child", "clock", "web", "broker", "database")
FROZEN_SECONDS = 3.0
LONGEST_DOWN_SECONDS = 2.0


@dataclass
class Running:
    """The processes of one installation by part; whoever falls is started again."""

    ours: Installation
    port: int
    programs: dict[str, processes.Process] = field(default_factory=dict)
    down_seconds: float = 0.0
    done: Counter[str] = field(default_factory=Counter)

    def start(self, part: str) -> None:
        self.programs[part] = self._starters()[part]()

    def _starters(self) -> dict[str, Callable[[], processes.Process]]:
        return {
            "worker": lambda: self._celery("worker", "-c", "2"),
            "clock": lambda: self._celery("beat"),
            "web": lambda: self.ours.start_web(self.port),
        }

    def _celery(self, *command: str) -> processes.Process:
        return self.ours.start(sys.executable, "-m", "celery", "-A", "config", *command, log=f"{command[0]}.log")

    def server(self, part: str) -> Service:
        name = {"broker": "Valkey", "database": "PostgreSQL"}[part]
        return next(service for service in self.ours.servers.running if service.name == name)

    def leader(self, part: str) -> int:
        process = self.programs[part] if part in self.programs else self.server(part).process
        if process is None:
            raise LookupError(f"{part} does not run.")
        return process.pid

    def kill(self, part: str, *, down: float) -> None:
        """kill -9 of all of its processes; it is started again after a while."""
        for pid in family(self.leader(part)):
            send(pid, signal.SIGKILL)
        if part in self.programs:
            self.programs[part].wait()
            time.sleep(down)
            self.start(part)
            return
        service = self.server(part)
        if service.process:
            service.process.wait()
        time.sleep(down)
        service.start()

    def stop(self) -> None:
        for process in self.programs.values():
            processes.stop(process)


def befall(running: Running, chance: random.Random) -> None:
    """One mishap: a part is killed or frozen; of a worker perhaps only a child."""
    part, freezes = chance.choice(PARTS), chance.random() < 0.4
    running.done[f"{part} {'frozen' if freezes else 'killed'}"] += 1
    began = time.monotonic()
    if part == "worker's child":
        children = family(running.leader("worker"))[1:]
        victims = [chance.choice(children)] if children else []
        if freezes:
            with frozen(victims):
                time.sleep(FROZEN_SECONDS)
        else:
            for pid in victims:
                send(pid, signal.SIGKILL)
    elif freezes:
        with frozen(family(running.leader(part))):
            time.sleep(FROZEN_SECONDS)
    else:
        running.kill(part, down=chance.uniform(0, LONGEST_DOWN_SECONDS))
    running.down_seconds += time.monotonic() - began


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        send(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            send(pid, signal.SIGCONT)


def family(leader: int) -> list[int]:
    """The process and all that come from it; PostgreSQL's backends are in sessions of their own."""
    members = [leader]
    for pid in members:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                members += [int(child) for child in (task / "children").read_text().split()]
    return members


def send(pid: int, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signum)
