"""TCP ports: free ones, and the one that was used before if it is still free."""

import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from devserver import UnableToStartError

# Below the range from which the system takes the ports of outgoing connections, so that a remembered port stays free.
_LOWEST, _HIGHEST = 20_000, 32_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens there; connections that linger from a server just stopped do not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose(remembered: int | None) -> int:
    """The remembered port if it is free, else any free one."""
    if remembered and is_free(remembered):
        return remembered
    for _ in range(200):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if is_free(port):
            return port
    raise UnableToStartError("No free TCP port was found on 127.0.0.1.")


@contextmanager
def claim(port: int, host: str) -> Iterator[int]:
    """The port itself, or the next one above that is free; no other clone is given it during the block.

    Being free is not enough: the web server lets processes share a port, so two clones that start at the same moment
    would both succeed and answer each other's requests.
    """
    with ExitStack() as stack:
        for candidate in range(port, min(port + 100, 65_536)):
            claimed = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            if is_free(candidate, host) and _is_first(claimed, candidate):
                yield candidate
                return
        raise UnableToStartError(f"No free TCP port from {port} on was found on {host}.")


def _is_first(claimed: socket.socket, port: int) -> bool:
    if not sys.platform.startswith("linux"):
        return True
    # An abstract name: it vanishes with its holder and leaves no file.
    try:
        claimed.bind(f"\0mainstay-port-{port}")
    except OSError:
        return False
    return True
