"""No request waits for ever for a database that neither answers nor goes away.

A frozen server cannot end a statement by itself, so a thread of each web process looks at the connections that its
requests wait for. When one takes long it asks the server itself. One that is alive is slow for a reason, and left
alone. When it is silent too, their connections are ended, and until it answers again requests get none.

Only what is inside of `Wait` is watched: workers, clock and commands wait, and go on when the server does.
"""

import logging
import os
import socket
import time
from contextlib import suppress
from math import inf
from threading import Event, Lock, Thread, get_ident
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connections
from psycopg.pq import TransactionStatus

from accounts.database_question import Address, answers

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.1
# A request of so many seconds that waits for the database makes the thread ask, and ask again while it lasts.
ASK_AFTER_SECONDS = 0.3
ASK_EVERY_SECONDS = 0.5
# How long the thread tries to connect to a silent server, before it tries anew.
TRY_SECONDS = 3


class Wait:
    """One request and its thread's connection. `is_over` when it was ended, or refused another."""

    __slots__ = ("begun_at", "ends_at", "is_over", "wrapper")

    def __init__(self) -> None:
        self.wrapper: Any = connections["default"]
        self.begun_at = time.monotonic()
        self.ends_at = inf
        self.is_over = False

    def __enter__(self) -> Self:
        watch.begin(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        watch.end()

    def is_for_database(self) -> bool:
        connection = self.wrapper.connection
        return connection is not None and connection.pgconn.transaction_status == TransactionStatus.ACTIVE

    def cut(self) -> None:
        """Whoever reads from the connection sees its end: an OperationalError."""
        self.is_over = True
        with suppress(Exception):
            connection = socket.socket(fileno=self.wrapper.connection.fileno())
            try:
                connection.shutdown(socket.SHUT_RDWR)
            finally:
                connection.detach()


class Watch:
    """The waits of this process, and whether the server is silent."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """A process that was forked has no thread, and perhaps a lock that nobody will release."""
        self.lock = Lock()
        # By thread: a request has one of its own.
        self.waits: dict[int, Wait] = {}
        self.server: Address | None = None
        self.is_silent = False
        self.woken = Event()
        self.thread: Thread | None = None
        self.ask_at = 0.0

    def begin(self, wait: Wait) -> None:
        with self.lock:
            self.waits[get_ident()] = wait
            if self.thread is None:
                thread = Thread(target=self.run, name="database-watch", daemon=True)
                thread.start()
                self.thread = thread
        if self.is_silent:
            # What would be asked over it would not be answered; a new one is refused at once.
            wait.wrapper.close()
        elif not self.woken.is_set():
            self.woken.set()

    def end(self) -> None:
        with self.lock:
            self.waits.pop(get_ident(), None)

    def here(self) -> Wait | None:
        """That of the request which this thread serves."""
        return self.waits.get(get_ident())

    def is_refused(self, wait: Wait) -> bool:
        """Whether the request may not connect. Who connects asks first: the connecting itself cannot be ended."""
        if not wait.is_over and not self.is_silent and self.hears_nothing():
            self.fall_silent()
        wait.is_over = wait.is_over or self.is_silent
        return wait.is_over

    def run(self) -> None:
        while True:
            self.woken.wait()
            try:
                self.look(time.monotonic())
            except Exception:
                logger.exception("database.watch_failed")
            with self.lock:
                if not self.waits and not self.is_silent:
                    self.woken.clear()
            time.sleep(LOOK_EVERY_SECONDS)

    def look(self, now: float) -> None:
        if self.is_silent and _takes_connections():
            self.is_silent = False
            logger.warning("database.answers_again")
        # Under the lock, a request that is just done cannot hand its connection on meanwhile.
        with self.lock:
            for wait in self.waits.values():
                if not wait.is_over and (self.is_silent or wait.ends_at < now):
                    wait.cut()
            is_long = any(now - wait.begun_at > ASK_AFTER_SECONDS for wait in self.waiting())
        if is_long and not self.is_silent and now >= self.ask_at:
            if self.hears_nothing():
                self.fall_silent()
            self.ask_at = time.monotonic() + ASK_EVERY_SECONDS

    def waiting(self) -> list[Wait]:
        """Those that wait for the database at this moment. Under the lock."""
        return [wait for wait in self.waits.values() if wait.is_for_database()]

    def hears_nothing(self) -> bool:
        """Ask the server. On a busy machine it may only come to answer those who wait: a sign of life too."""
        unanswered = self.unanswered()
        if self.server is None or answers(self.server):
            return False
        return unanswered <= self.unanswered()

    def unanswered(self) -> set[tuple[Wait, int]]:
        """Who waits, and for which of its questions."""
        with self.lock:
            return {(wait, wait.wrapper.asked) for wait in self.waiting()}

    def fall_silent(self) -> None:
        with self.lock:
            if self.is_silent:
                return
            self.is_silent = True
            for wait in self.waits.values():
                wait.cut()
        logger.error("database.silent")
        self.woken.set()


def _takes_connections() -> bool:
    """By the settings' own way, since another server may have taken the place of the silent one."""
    wrapper: Any = connections["default"]
    try:
        wrapper.get_new_connection(wrapper.get_connection_params() | {"connect_timeout": TRY_SECONDS}).close()
    except psycopg.Error as error:
        # A refusal is an answer: whoever asks now gets it as soon.
        return not is_silence(error)
    return True


def is_silence(error: psycopg.Error) -> bool:
    """Whether connecting took too long. Of several addresses, the kind is that of the last, and the words tell all."""
    return isinstance(error, psycopg.errors.ConnectionTimeout) or "connection timeout expired" in str(error)


def end_after(seconds: float) -> None:
    """End this request's connection, so long after the request began, though the server be alive."""
    if wait := watch.here():
        wait.ends_at = wait.begun_at + seconds


watch = Watch()
os.register_at_fork(after_in_child=watch.begin_anew)
