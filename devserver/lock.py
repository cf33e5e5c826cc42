"""One run at a time in a clone. The system frees the lock when its holder dies, however it dies."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from devserver import UnableToStartError
from devserver.clone import RunFolder


class RunLock:
    """The held lock; other starts read from it who holds it and where that one answers."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.tell("")

    def tell(self, address: str) -> None:
        """Let others know where this run answers."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), "address": address}, self._file)
        self._file.flush()


@contextmanager
def hold(run: RunFolder) -> Iterator[RunLock]:
    """Hold the lock for the block, or explain who does."""
    with (run.path / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnableToStartError(_explain(file)) from None
        yield RunLock(file)


def is_held(run: RunFolder) -> bool:
    """Whether something runs on this folder now."""
    try:
        with (run.path / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _explain(file: TextIO) -> str:
    file.seek(0)
    try:
        holder = json.load(file)
    except ValueError:
        return "Mainstay is just being started in this clone by somebody else."
    where = f" and answers at {holder['address']}" if holder["address"] else ""
    return f"Mainstay already runs in this clone (process {holder['pid']}){where}. Stop it with: kill {holder['pid']}"
