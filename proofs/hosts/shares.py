"""Shares of the processors, so that hosts on one machine take none of each other's, and others none of theirs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000
# $0 is the file that moves whoever writes 0 into it.
JOIN = 'echo 0 > "$0" && exec "$@"'


class UnableToShareError(Exception):
    pass


@contextmanager
def share(name: str, *, cores: float) -> Iterator[tuple[str, ...]]:
    """What is put before a command, so that it and all that come from it get so much of the processors and no more.

    They come before the rest of the machine, which may be busy. Whatever runs in it is to have ended at the end.
    """
    parent, _ = _ours()
    group = _made(parent / f"mainstay-proof-{os.getpid()}-{name}", cores)
    try:
        yield ("/bin/sh", "-c", JOIN, str(group / "cgroup.procs"))
    finally:
        group.rmdir()


@contextmanager
def first_served(*, cores: float) -> Iterator[None]:
    """The same for this process and all that it starts from now on."""
    parent, before = _ours()
    group = _made(parent / f"mainstay-proof-{os.getpid()}", cores)
    (group / "cgroup.procs").write_text("0")
    try:
        yield
    finally:
        (before / "cgroup.procs").write_text("0")
        group.rmdir()


def _made(group: Path, cores: float) -> Path:
    quota = int(cores * PERIOD)
    limits = {"cpu.weight": "10000", "cpu.max": f"{quota} {PERIOD}"}
    if not _is_unified():
        limits = {"cpu.shares": "262144", "cpu.cfs_period_us": str(PERIOD), "cpu.cfs_quota_us": str(quota)}
    try:
        group.mkdir()
        for file, limit in limits.items():
            (group / file).write_text(limit)
    except OSError as error:
        raise UnableToShareError(f"Processor time cannot be shared out here: {error}") from error
    return group


def _is_unified() -> bool:
    return (GROUPS / "cgroup.controllers").exists()


def _ours() -> tuple[Path, Path]:
    """The folder of all groups, and of that which we are in."""
    rows = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    parent = GROUPS if _is_unified() else GROUPS / "cpu"
    controllers = "" if _is_unified() else "cpu"
    ours = next((path for _, names, path in rows if controllers in names.split(",")), "/")
    return parent, parent / ours.lstrip("/")
