"""Milestones are detected when an event arrives, by a thread beside the one that answers.

Whoever records events only puts their clients into a queue in the process: no broker, no query. The thread sets to
work at once. In a process that is busy recording it rests in between and takes together what has gathered, so that
recording keeps its speed. The queue may be lost with its process, or be full: the nightly job finds the rest.
"""

import atexit
import logging
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from threading import Condition, Event, Thread
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, connections
from django.dispatch import receiver

from accounts.tenancy import organization_scope
from success.milestones.organizations import reach_organization_milestones
from success.milestones.reaching import reach_milestones
from success.milestones.waiting import Waiting
from telemetry.signals import events_recorded

logger = logging.getLogger(__name__)

MOST_WAITING = 100_000
MOST_AT_ONCE = 200
# In a process that uses so much of a core, the thread rests so many times as long as it worked: it takes a twentieth
# of a core. The less busy the process, the shorter, by the square: next to nothing while events come in singly.
BUSY_SHARE = 0.2
REST = 20
LONGEST_REST_SECONDS = 10
IDLE_SECONDS = 30
CLOSING_SECONDS = 2
# What is not committed to disk in a crash of the server is found again at night.
LIMITS = (
    "SELECT set_config('statement_timeout', '10s', true), set_config('lock_timeout', '2s', true),"
    " set_config('synchronous_commit', 'off', true)"
)


def detect(organization_id: int, reach: Callable[[], int]) -> None:
    """Call `reach` in a transaction of its own. Any error is logged with ids and raised nowhere."""
    close_old_connections()
    try:
        with organization_scope(organization_id):
            with connection.cursor() as cursor:
                cursor.execute(LIMITS)
            reach()
    except Exception:
        logger.exception("milestones.detection_failed", extra={"organization_id": organization_id})


class Pace:
    """How long to rest: by what the process has been using of a core since the last time."""

    def __init__(self) -> None:
        self._clocks = time.monotonic(), time.process_time()

    def rest_seconds(self, *, worked: float) -> float:
        (wall_before, used_before), self._clocks = self._clocks, (time.monotonic(), time.process_time())
        share = (self._clocks[1] - used_before) / max(self._clocks[0] - wall_before, 0.001)
        return min(REST * worked * min(share / BUSY_SHARE, 1) ** 2, LONGEST_REST_SECONDS)


class Detector:
    """The queue of a process and its thread, which begins with the first client and ends after a while of nothing."""

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._waiting = Waiting(most=self._most_waiting)
        self._changed = Condition()
        self._closing = Event()
        self._thread: Thread | None = None
        self._organization_rests_until: dict[int, float] = {}

    def queue(self, organization_id: int, clients: Iterable[int]) -> None:
        with self._changed:
            self._waiting.add(organization_id, clients)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="milestones", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, *, seconds: float = CLOSING_SECONDS) -> None:
        """Let the thread look at what is waiting, as far as it gets, and end it."""
        self._closing.set()
        with self._changed:
            thread = self._thread
            self._changed.notify()
        if thread:
            thread.join(seconds)
        self._closing.clear()

    def after_fork(self) -> None:
        """The thread stayed with the parent, which looks at what was waiting then."""
        self._begin_anew()

    def _run(self) -> None:
        try:
            pace = Pace()
            while work := self._take():
                began = time.monotonic()
                self._detect(*work)
                self._closing.wait(pace.rest_seconds(worked=time.monotonic() - began))
        finally:
            connections.close_all()

    def _detect(self, organization_id: int, clients: list[int]) -> None:
        now = datetime.now(UTC)
        detect(organization_id, partial(reach_milestones, organization_id, clients=clients, detected_at=now))
        began = time.monotonic()
        # What is summed up over a whole organization may take long, and others wait.
        if began >= self._organization_rests_until.get(organization_id, 0):
            detect(organization_id, partial(reach_organization_milestones, organization_id, detected_at=now))
            ended = time.monotonic()
            self._organization_rests_until[organization_id] = ended + REST * (ended - began)

    def _take(self) -> tuple[int, list[int]] | None:
        """What is next; None, and the thread is no longer the queue's, when there is nothing for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing.is_set(), IDLE_SECONDS)
            if self._waiting.lost:
                logger.warning("milestones.queue_was_full", extra={"clients": self._waiting.lost})
                self._waiting.lost = 0
            if self._waiting:
                return self._waiting.take(most=MOST_AT_ONCE)
            self._thread = None
            return None


detector = Detector()
os.register_at_fork(after_in_child=detector.after_fork)
atexit.register(detector.close)


def detect_soon(organization_id: int, clients: Iterable[int]) -> None:
    """Have the clients looked at beside what is going on here. To be called after commit."""
    if settings.MILESTONES_AT_ONCE:
        detector.queue(organization_id, clients)


@receiver(events_recorded)
def queue_for_detection(sender: Any, *, organization_id: int, client_ids: list[int], **kwargs: Any) -> None:
    detect_soon(organization_id, client_ids)
