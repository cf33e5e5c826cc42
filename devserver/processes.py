"""Start, recognise and end operating system processes, also those that an earlier, killed run left behind."""

import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from devserver import signals
from devserver.hosting import Account

Process = subprocess.Popen[bytes]

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str = "/",
    account: Account | None = None,
    dies_with_us: signal.Signals | None = signal.SIGTERM,
    own_session: bool = True,
) -> Process:
    """Start a process that writes to a log file, or to the terminal when there is none.

    On Linux it gets the signal `dies_with_us` when this process ends in whatever way; None lets it live on. In a
    session of its own it does not see the terminal's Ctrl-C, so that things can be stopped in order.
    """
    with ExitStack() as stack:
        stream = stack.enter_context(log.open("ab")) if log else None
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if own_session else None,
            stdout=stream,
            stderr=None if stream is None else subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else dict(env),
            start_new_session=own_session,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # Runs after the change of user, and has to: that change clears the death signal. We have no threads,
            # which is what makes it safe.
            preexec_fn=_tie_to_parent(dies_with_us),  # noqa: PLW1509
        )


def stop(process: Process, *, first: signal.Signals = signal.SIGTERM, seconds: float = 10) -> int:
    """End a child and whatever is left of its session; returns its exit code."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    code = process.wait()
    kill_group(process.pid)
    return code


def wait_for_start(process: Process, is_ready: Callable[[], bool], *, seconds: float) -> None:
    """Wait until it is ready or has ended; stops it when we are interrupted or the time is over."""
    try:
        in_time = signals.wait_until(lambda: is_ready() or process.poll() is not None, seconds=seconds)
    except BaseException:
        stop(process)
        raise
    if not in_time:
        stop(process)


def wait_for_end(process: Process, *, seconds: float = math.inf) -> int:
    """Wait for its exit code; stops it when we are interrupted or the time is over."""
    try:
        signals.wait_until(lambda: process.poll() is not None, seconds=seconds)
    finally:
        code = stop(process)
    return code


def kill_group(leader: int) -> None:
    """Kill what a leader left in its process group; never our own group."""
    if leader != os.getpgrp():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def end_group(leader: int, *, seconds: float) -> None:
    """Ask a process group that is not our child to end, and kill what has not after a while."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while group_lives(leader) and time.monotonic() < deadline:
        time.sleep(0.05)
    kill_group(leader)


def group_lives(leader: int) -> bool:
    """Whether a process group still has living members; dead ones that nobody collects do not count."""
    if _PROC.joinpath("self").exists():
        fields = [_stat(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit()]
        return any(stat[2] == str(leader) and stat[0] != "Z" for stat in fields if stat)
    try:
        os.killpg(leader, 0)
    except OSError:
        return False
    return True


def end_stray(pid: int, *, in_turn: Sequence[signal.Signals], seconds: float) -> None:
    """End a process that is not our child, with each signal in turn, waiting a while after each."""
    for signum in (*in_turn, signal.SIGKILL):
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if started_at(pid) is None:
                return
            time.sleep(0.05)


def strays(program: str, argument: Path) -> list[int]:
    """Living processes of a program that were started with this path as an argument of their own."""
    if _PROC.joinpath("self").exists():
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
        return [pid for pid in pids if _matches(_arguments(pid), program, str(argument))]
    shown = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False).stdout
    rows = [line.split(maxsplit=2) for line in shown.splitlines()]
    return [
        int(row[0])
        for row in rows
        if len(row) == 3 and Path(row[1]).name == program and f" {argument} " in f" {row[2]} "
    ]


def started_at(pid: int) -> str | None:
    """A mark that tells a process from a later one with the same number; None when there is no such process."""
    if _PROC.joinpath("self").exists():
        fields = _stat(pid)
        return fields[19] if fields and fields[0] != "Z" else None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or None


def tail(log: Path, lines: int = 25) -> str:
    """The end of a log, for a message on failure."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        return _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _arguments(pid: int) -> list[str]:
    try:
        return [part.decode(errors="replace") for part in _PROC.joinpath(str(pid), "cmdline").read_bytes().split(b"\0")]
    except OSError:
        return []


def _matches(arguments: list[str], program: str, argument: str) -> bool:
    return bool(arguments) and Path(arguments[0]).name == program and argument in arguments[1:]


def _tie_to_parent(signum: signal.Signals | None) -> Callable[[], None] | None:
    if signum is None or _libc is None:
        return None
    libc, parent, number = _libc, os.getpid(), int(signum)

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return tie
