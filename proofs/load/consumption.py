"""What the parts of an installation take of the machine."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Taken:
    """By all processes of one part. `private_bytes` is memory that no file and no other process shares; the rest of
    what a database's process holds is mostly the buffers that they share.
    """

    processes: int
    private_bytes: int
    resident_bytes: int
    open_files: int
    threads: int


def taken(leader: int) -> Taken:
    """By a process and all that come from it, as of now."""
    private = resident = files = threads = 0
    members = family(leader)
    for member in members:
        with suppress(psutil.NoSuchProcess), member.oneshot():
            memory = member.memory_info()
            private += memory.rss - memory.shared
            resident += memory.rss
            threads += member.num_threads()
            files += member.num_fds()
    return Taken(len(members), private, resident, files, threads)


def private_bytes(leader: int) -> dict[int, int]:
    """Of each process of a part by its number."""
    sizes = {}
    for member in family(leader):
        with suppress(psutil.NoSuchProcess):
            memory = member.memory_info()
            sizes[member.pid] = memory.rss - memory.shared
    return sizes


def cpu_seconds(leader: int) -> float:
    """Since the beginning, with the processes that have ended."""
    seconds = 0.0
    for member in family(leader):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(member.cpu_times()[:4])
    return seconds


def family(leader: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(leader)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@dataclass(frozen=True)
class Machine:
    """CPU seconds since it began: all that worked, and what its host gave to others meanwhile."""

    busy_seconds: float
    stolen_seconds: float


def machine() -> Machine:
    times = psutil.cpu_times()
    return Machine(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice, times.steal)


def cpu_by_part(pids: Mapping[str, int]) -> dict[str, float]:
    return {part: cpu_seconds(pid) for part, pid in pids.items()}
