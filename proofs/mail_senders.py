"""The processes that send in a proof: senders that go on for ever, and such as stop or die at a named step."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

# After what has been committed a sender may die: the claim, the last look, the step to calling, the call, its record.
STEPS = ("claimed", "looked", "calling", "handed over", "sent")


def run(step: str = "", how: str = "") -> None:
    """Deliver over and over. `how` is KILL or STOP: what this process does to itself the third time it is at `step`."""
    import django

    django.setup()
    from emails import delivery

    if step:
        _befall(delivery, step, signal.Signals[f"SIG{how}"])
    while True:
        delivery.deliver_all(seconds=5)
        time.sleep(0.2)


def _befall(delivery: Any, step: str, what: signal.Signals) -> None:
    """Put the signal before or after the function that stands for the step."""
    name, is_before = {
        "claimed": ("claim_emails", False),
        "looked": ("begin_call", True),
        "calling": ("_call", True),
        "handed over": ("mark_sent", True),
        "sent": ("mark_sent", False),
    }[step]
    usual: Callable[..., Any] = getattr(delivery, name)
    reached = iter(range(1_000_000))

    def befallen(*args: Any, **kwargs: Any) -> Any:
        if is_before:
            happen()
        result = usual(*args, **kwargs)
        if not is_before:
            happen()
        return result

    def happen() -> None:
        if next(reached) == 2:
            os.kill(os.getpid(), what)

    setattr(delivery, name, befallen)


if __name__ == "__main__":
    run(*sys.argv[1:])
