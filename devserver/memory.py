"""How much memory servers may count on."""

import os
from contextlib import suppress
from pathlib import Path

_CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_SMALL = 512 << 20


def available_bytes() -> int:
    """The machine's memory, or what a container is limited to."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _CONTAINER_LIMITS:
        with suppress(OSError, ValueError):
            total = min(total, int(file.read_text()))
    return total


def shared_memory_is_small() -> bool:
    """Containers often get 64 MB of /dev/shm, in which the parallel queries of a large table fail."""
    try:
        shared = os.statvfs("/dev/shm")  # noqa: S108  (only asked for its size)
    except OSError:
        return False
    return shared.f_bavail * shared.f_frsize < _SMALL
