"""The processes that send in a proof: senders that go on for ever, and such as stop or die at a named step."""

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django

# After what has been committed a sender may die: the claim, the last look, the step to calling, the call, its record.
STEPS = ("claimed", "looked", "calling", "handed over", "sent")


def run(step: str = "", how: str = "") -> None:
    """Deliver over and over. `how` is KILL or STOP: what this process does to itself the third time it is at `step`."""
    django.setup()
    if step:
        befall(step, signal.Signals[f"SIG{how}"], before=2)
    while True:
        deliver_all(seconds=5)
        time.sleep(0.2)


def die_at_each_step() -> None:
    """One process after the other delivers and is killed at the next step."""
    for step in STEPS:
        child = os.fork()
        if child == 0:
            befall(step, signal.SIGKILL, before=0)
            deliver_all(seconds=5)
            os._exit(1)
        os.waitpid(child, 0)


def deliver_all(*, seconds: float) -> None:
    # Not to be imported before Django is set up.
    import_module("emails.delivery").deliver_all(seconds=seconds)


def befall(step: str, what: signal.Signals, *, before: int) -> None:
    """Put the signal before or after the function that stands for the step, when it has been reached so often."""
    delivery = import_module("emails.delivery")
    name, is_first = {
        "claimed": ("claim_emails", False),
        "looked": ("begin_call", True),
        "calling": ("_call", True),
        "handed over": ("mark_sent", True),
        "sent": ("mark_sent", False),
    }[step]
    usual: Callable[..., Any] = getattr(delivery, name)
    reached = itertools.count()

    def befallen(*args: Any, **kwargs: Any) -> Any:
        if is_first:
            happen()
        result = usual(*args, **kwargs)
        if not is_first:
            happen()
        return result

    def happen() -> None:
        if next(reached) == before:
            os.kill(os.getpid(), what)

    setattr(delivery, name, befallen)


if __name__ == "__main__":
    run(*sys.argv[1:])
