"""A load generator that costs little: prepared requests over a few keep-alive connections, one in flight on each."""

import selectors
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import percentile


@dataclass(frozen=True)
class Load:
    """`seconds` for all requests; latencies in milliseconds; `bodies` the answers that were not 200."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failures: list[bytes]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class Connection:
    """Kept alive over many requests, one at a time. Answers are expected to tell their length."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = 0.0
        self.received = b""

    def send(self, request: bytes) -> None:
        self.received = b""
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """The whole answer, or None while some of it is still to come."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("The server closed the connection.")
        self.received += chunk
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return self.received if len(body) >= length else None


def post(path: str, body: bytes, *, key: str) -> bytes:
    """The bytes of one request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, *, cookie: str) -> bytes:
    """The bytes of one request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nAccept: text/html\r\n\r\n".encode()


def read(path: str, *, key: str) -> bytes:
    """The bytes of one request that reads from the API."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def send_all(address: tuple[str, int], requests: Sequence[bytes], *, connections: int) -> Load:
    """Send every request once and wait for every answer."""
    latencies: list[float] = []
    failures: list[bytes] = []
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(min(connections, len(requests))):
            connection = Connection(address)
            connection.send(next(waiting))
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        while len(latencies) < len(requests):
            for ready, _ in selector.select():
                connection = ready.data
                if (answer := connection.answer()) is None:
                    continue
                latencies.append(time.perf_counter() - connection.started)
                if b" 200 " not in answer[:16]:
                    failures.append(answer)
                if (request := next(waiting, None)) is not None:
                    connection.send(request)
        seconds = time.perf_counter() - started
        for registered in list(selector.get_map().values()):
            registered.data.socket.close()
    return Load(
        requests=len(requests),
        seconds=seconds,
        p50_ms=statistics.median(latencies) * 1000,
        p95_ms=percentile(latencies, 95) * 1000,
        p99_ms=percentile(latencies, 99) * 1000,
        failures=failures,
    )
