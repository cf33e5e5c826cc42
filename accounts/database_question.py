"""Asking a PostgreSQL server for a sign of life: without an account, and without a trace in its log."""

import socket
import struct
import time
from typing import Any, NamedTuple

# "Do you encrypt by GSSAPI?", which a living server answers by one byte at once. After the same question about TLS
# it would log that nobody went on.
QUESTION = struct.pack("!ii", 8, 80_877_104)
# More than a second, after which a lost packet is sent again.
PATIENCE_SECONDS = 1.25


class Address(NamedTuple):
    family: int
    name: Any


def address_of(connection: Any) -> Address:
    """Of the one server, of however many hosts and addresses, that this connection leads to."""
    peer = socket.socket(fileno=connection.fileno())
    try:
        if peer.family == socket.AF_UNIX:
            # The server may know the folder under another name.
            path = f"{connection.info.host}/.s.PGSQL.{connection.info.port}"
            return Address(peer.family, f"\0{path[1:]}" if path.startswith("@") else path)
        return Address(peer.family, peer.getpeername())
    finally:
        peer.detach()


def answers(server: Address, *, within: float | None = None) -> bool:
    """False when nothing comes back in that time. A refusal is an answer: whoever waits there learns of it too."""
    until = time.monotonic() + (PATIENCE_SECONDS if within is None else within)
    with socket.socket(server.family, socket.SOCK_STREAM) as asking:
        try:
            for step in (lambda: asking.connect(server.name), lambda: asking.sendall(QUESTION), lambda: asking.recv(1)):
                asking.settimeout(max(until - time.monotonic(), 0.001))
                step()
        except (ConnectionError, FileNotFoundError):
            return True
        except OSError:
            # No answer in time, no way to its host, or a queue of callers that nobody serves.
            return False
    return True
