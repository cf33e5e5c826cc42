"""Requests at their times, whether those before have been answered or not: a slow answer delays none of the others,
and what has to wait for a free connection has waited since its own time. So no latency is left out.
"""

import random
import selectors
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.load import Connection
from proofs.load.traffic import Traffic

CONNECTIONS = 64
PATIENCE_SECONDS = 60.0
# In place of a status: the connection broke, or the end came before the request could be sent.
BROKEN, UNSENT = 0, -1
REFUSALS_KEPT = 20


class Answer(NamedTuple):
    """`due` and `seconds` in seconds, since the beginning and since `due`."""

    kind: str
    due: float
    seconds: float
    status: int


@dataclass
class Driven:
    """What came of it. `cpu_seconds` are those of the sender itself."""

    seconds: float
    answers: list[Answer] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)
    cpu_seconds: float = 0.0


@dataclass
class Line:
    """One connection and what is under way on it."""

    connection: Connection
    kind: str = ""
    due: float | None = None


class Driver:
    def __init__(self, address: tuple[str, int], *, connections: int) -> None:
        self.address = address
        self.selector = selectors.DefaultSelector()
        self.idle = deque[Line]()
        for _ in range(connections):
            self.connect()

    def connect(self) -> None:
        line = Line(Connection(self.address))
        self.selector.register(line.connection.socket, selectors.EVENT_READ, line)
        self.idle.append(line)

    def close(self) -> None:
        for registered in list(self.selector.get_map().values()):
            registered.data.connection.socket.close()
        self.selector.close()

    def drive(self, requests: Iterator[tuple[str, bytes]], *, rate: float, seconds: float) -> Driven:
        """Send at random times, on average so many a second; at the end wait for what is under way."""
        driven, waiting = Driven(seconds), deque[tuple[float, str, bytes]]()
        self.begun, due = time.perf_counter(), 0.0
        while (now := self.now()) < seconds:
            while due <= min(now, seconds):
                waiting.append((due, *next(requests)))
                due += random.expovariate(rate)
            self.send(waiting, driven)
            self.receive(driven, until=min(due, seconds))
        driven.answers += [Answer(kind, due, seconds - due, UNSENT) for due, kind, _ in waiting]
        while self.busy() and self.now() < seconds + PATIENCE_SECONDS:
            self.receive(driven, until=self.now() + 1)
        for line in self.busy():
            self.finish(line, driven, status=BROKEN, answer=b"")
        return driven

    def now(self) -> float:
        return time.perf_counter() - self.begun

    def busy(self) -> list[Line]:
        lines = [registered.data for registered in self.selector.get_map().values()]
        return [line for line in lines if line.due is not None]

    def send(self, waiting: deque[tuple[float, str, bytes]], driven: Driven) -> None:
        while waiting and self.idle:
            line = self.idle.popleft()
            line.due, line.kind, request = waiting.popleft()
            try:
                line.connection.send(request)
            except OSError:
                self.replace(line, driven)

    def receive(self, driven: Driven, *, until: float) -> None:
        for ready, _ in self.selector.select(max(0.0, until - self.now())):
            line = ready.data
            try:
                answer = line.connection.answer()
            except OSError:
                self.replace(line, driven)
                continue
            if answer is not None:
                self.finish(line, driven, status=int(answer[9:12]), answer=answer)
                self.idle.append(line)

    def finish(self, line: Line, driven: Driven, *, status: int, answer: bytes) -> None:
        driven.answers.append(Answer(line.kind, line.due or 0.0, self.now() - (line.due or 0.0), status))
        line.due = None
        if not 200 <= status < 300 and len(driven.refusals) < REFUSALS_KEPT:
            driven.refusals.append(line.kind.encode() + b": " + answer[:1000])

    def replace(self, line: Line, driven: Driven) -> None:
        """A server may close what is idle; what was under way counts as broken."""
        self.selector.unregister(line.connection.socket)
        line.connection.socket.close()
        if line.due is None:
            self.idle.remove(line)
        else:
            self.finish(line, driven, status=BROKEN, answer=b"")
        self.connect()


def drive(address: tuple[str, int], traffic: Traffic, *, rate: float, seconds: float) -> Driven:
    """Meant for a process of its own, so that nothing but sending delays the sender."""
    begun = time.process_time()
    driver = Driver(address, connections=CONNECTIONS)
    try:
        driven = driver.drive(iter(traffic), rate=rate, seconds=seconds)
    finally:
        driver.close()
    driven.cpu_seconds = time.process_time() - begun
    return driven
