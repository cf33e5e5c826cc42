"""Signals are noted, not raised: a stop can then never fall between starting a process and remembering it."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The person, the system or the death of the calling process asked for a stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


class _State:
    received: int = 0
    deaf: bool = False
    parent: int | None = None


def listen() -> None:
    """Note stop signals from now on. Under make, the death of make counts as one: a killed make must not leave us."""
    for signum in STOP_SIGNALS:
        # nohup asks to outlive the terminal.
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _note)
    if os.environ.get("MAKELEVEL", "0") != "0":
        _State.parent = os.getppid()


def check() -> None:
    """Raise Interrupted if a stop was asked for, except during clean-up."""
    if _State.deaf:
        return
    if _State.parent is not None and os.getppid() != _State.parent:
        _State.received = signal.SIGHUP
    if _State.received:
        raise Interrupted(_State.received)


def ignore_from_now_on() -> None:
    """Clean-up has time limits of its own and is not interrupted: half of it is what would block the next start."""
    _State.deaf = True


def wait_until(condition: Callable[[], bool], *, seconds: float, interval: float = 0.05) -> bool:
    """Poll until the condition holds (True) or the time is over (False); raises Interrupted on a stop signal."""
    deadline = time.monotonic() + seconds
    while not condition():
        check()
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
    return True


def _note(signum: int, _frame: FrameType | None) -> None:
    _State.received = _State.received or signum
