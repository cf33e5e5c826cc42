"""Run one command with throw-away servers around it."""

import signal
import sys

from devserver import processes, services, signals

_GRACE_SECONDS = 15


def execute(command: list[str], *, lasting: bool = False, extra: dict[str, str] | None = None) -> int:
    """Run the command in this terminal; returns its exit code. Servers and data are gone afterwards."""
    signals.listen()
    try:
        with services.throwaway(lasting=lasting) as ours:
            return _run(command, services.full_environment(ours | (extra or {})))
    except signals.Interrupted as stop:
        return 128 + stop.signum


def _run(command: list[str], env: dict[str, str]) -> int:
    # In our own session, so that it can use the terminal (a debugger, a shell).
    child = processes.spawn(command, log=None, env=env, cwd=".", own_session=False)
    try:
        signals.wait_until(lambda: child.poll() is not None, seconds=float("inf"))
    except signals.Interrupted as stop:
        signals.ignore_from_now_on()
        # A Ctrl-C at the terminal has reached the child as well; a second one would cut its clean-up short.
        if not (stop.signum == signal.SIGINT and sys.stdin.isatty()):
            child.send_signal(signal.SIGINT)
        if not signals.wait_until(lambda: child.poll() is not None, seconds=_GRACE_SECONDS):
            processes.stop(child)
        raise
    finally:
        signals.ignore_from_now_on()
    return child.returncode if child.returncode >= 0 else 128 - child.returncode
