"""What befalls an installation at random: its parts are killed and frozen, and start again."""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from devserver import processes
from devserver.supervision import Service
from proofs.installation import Installation

# Of a worker and of the web server all processes, only the one that the others come from, or only one of those.
PARTS = (
    "worker", "worker's parent", "worker's child", "clock", "web", "web's parent", "web's child", "broker", "database"
)  # fmt: skip
LONGEST_DOWN_SECONDS = 2.0
CHILDLESS_SECONDS = 20.0


@dataclass(frozen=True)
class Mishap:
    """A part is frozen for a while, or killed and started again after it."""

    part: str
    freezes: bool
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.part} {'frozen' if self.freezes else 'killed'}"


def mishaps(chance: random.Random, *, parts: Sequence[str], frozen_seconds: Sequence[float]) -> list[Mishap]:
    """Each part is killed and frozen once, in random order; each has its first mishap before any has its second."""
    freezing = {part: position % 2 == 0 for position, part in enumerate(chance.sample(parts, len(parts)))}
    drawn: list[Mishap] = []
    for is_first in (True, False):
        for part in chance.sample(parts, len(parts)):
            freezes = freezing[part] is is_first
            seconds = chance.choice(frozen_seconds) if freezes else chance.uniform(0, LONGEST_DOWN_SECONDS)
            drawn.append(Mishap(part, freezes, seconds))
    return drawn


@dataclass
class Running:
    """The processes of one installation by part; whoever falls is started again."""

    ours: Installation
    port: int
    programs: dict[str, processes.Process] = field(default_factory=dict)
    ended_by_itself: Counter[str] = field(default_factory=Counter)

    def start(self, part: str) -> None:
        self.programs[part] = self._starters()[part]()

    def _starters(self) -> dict[str, Callable[[], processes.Process]]:
        return {
            "worker": lambda: self._celery("worker", "-c", "2", "--without-mingle"),
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

    def befall(self, mishap: Mishap, chance: random.Random) -> float:
        """Answers for how many seconds the part was down, without the time that a program takes to start."""
        part, _, which = mishap.part.partition("'s ")
        leader, *others = self._started_family(part) if which == "child" else family(self.leader(part))
        victims = {"parent": [leader], "child": [chance.choice(others)] if others else []}.get(which, [leader, *others])
        began = time.monotonic()
        if mishap.freezes:
            with frozen(victims):
                time.sleep(mishap.seconds)
        else:
            for pid in victims:
                send(pid, signal.SIGKILL)
            if leader in victims:
                self._start_again(part, after=mishap.seconds)
        return time.monotonic() - began

    def _started_family(self, part: str) -> list[int]:
        """With children, unless the part does not get to have any."""
        deadline = time.monotonic() + CHILDLESS_SECONDS
        while len(members := family(self.leader(part))) == 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        return members

    def _start_again(self, part: str, *, after: float) -> None:
        """As a service manager does: what came from a killed parent goes on for that while, and is then ended too."""
        if part in self.programs:
            self.programs[part].wait()
            time.sleep(after)
            processes.kill_group(self.programs[part].pid)
            self.start(part)
            return
        service = self.server(part)
        if service.process:
            service.process.wait()
        time.sleep(after)
        service.start()

    def revive(self) -> None:
        """Start what has ended by itself, as a service manager does: Celery's worker may when its broker dies."""
        for part, process in self.programs.items():
            if process.poll() is not None:
                self.ended_by_itself[part] += 1
                self._start_again(part, after=0)

    def stop(self) -> None:
        for process in self.programs.values():
            processes.stop(process)


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
