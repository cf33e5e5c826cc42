"""No request waits for ever for a database that neither answers nor goes away.

A frozen server cannot end a statement by itself, so a thread of each process ends the connection.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Any

from django.db import connections

LOOK_EVERY_SECONDS = 0.5


class _Watch:
    """The connections that are waited for, each with the time at which that ends."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: dict[int, tuple[float, Any]] = {}
        self.woken = Event()
        self.thread: Thread | None = None

    def begin(self, seconds: float) -> int:
        wrapper = connections["default"]
        with self.lock:
            self.waiting[id(wrapper)] = (time.monotonic() + seconds, wrapper)
            # A process that was forked has no thread yet, whatever its parent had.
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self.run, name="telemetry-deadlines", daemon=True)
                self.thread.start()
        if not self.woken.is_set():
            self.woken.set()
        return id(wrapper)

    def end(self, token: int) -> None:
        with self.lock:
            self.waiting.pop(token, None)

    def run(self) -> None:
        while True:
            self.woken.wait()
            self.end_overdue(time.monotonic())
            with self.lock:
                if not self.waiting:
                    self.woken.clear()
            time.sleep(LOOK_EVERY_SECONDS)

    def end_overdue(self, now: float) -> None:
        # Under the lock, a request that is just done cannot hand its connection on meanwhile.
        with self.lock:
            for token, (ends_at, wrapper) in list(self.waiting.items()):
                if ends_at < now:
                    del self.waiting[token]
                    _shut(wrapper)


def _shut(wrapper: Any) -> None:
    """Whoever reads from it sees the end of the connection: an OperationalError."""
    with suppress(Exception):
        connection = socket.socket(fileno=wrapper.connection.fileno())
        try:
            connection.shutdown(socket.SHUT_RDWR)
        finally:
            connection.detach()


_watch = _Watch()


@contextmanager
def database_deadline(seconds: float) -> Iterator[None]:
    """End this thread's connection to the database when what is inside takes longer."""
    token = _watch.begin(seconds)
    try:
        yield
    finally:
        _watch.end(token)
