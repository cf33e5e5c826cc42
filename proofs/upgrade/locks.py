"""Who waits for locks, and how long, as PostgreSQL says twenty times a second."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Self

import psycopg

EVERY_SECONDS = 0.05
# A request or job behind a migration, one behind another of its kind, and the migration itself. Only who has tried for
# a lock on a table makes others wait: the others of a migration's waits hold nobody up.
WAITS = """
    SELECT CASE WHEN a.usename = current_user THEN 'a migration'
                WHEN EXISTS (SELECT FROM unnest(pg_blocking_pids(l.pid)) AS pid JOIN pg_stat_activity b USING (pid)
                             WHERE b.usename = current_user) THEN 'behind a migration'
                ELSE 'among requests and jobs' END,
           concat_ws(' ', l.locktype, l.mode, l.relation::regclass::text),
           extract(epoch FROM clock_timestamp() - l.waitstart)::float
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND l.waitstart IS NOT NULL
"""


@dataclass
class Wait:
    seconds: float = 0.0
    lock: str = ""
    samples: int = 0

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.lock}; seen {self.samples} times)" if self.samples else "none seen"


@dataclass
class LockWatch:
    """Asks as the owner, in a thread of its own, while the block lasts. `longest` is by who waits for whom."""

    owner_url: str
    longest: dict[str, Wait] = field(default_factory=lambda: defaultdict(Wait))
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()

    def _watch(self) -> None:
        with psycopg.connect(self.owner_url, autocommit=True, prepare_threshold=None) as connection:
            while not self.is_over.wait(EVERY_SECONDS):
                for who, lock, seconds in connection.execute(WAITS).fetchall():
                    wait = self.longest[who]
                    wait.samples += 1
                    if seconds > wait.seconds:
                        wait.seconds, wait.lock = seconds, lock
