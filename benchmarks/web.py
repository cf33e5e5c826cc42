"""The web server under test: granian as in production, on a free port, stopped at the end."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

WORKERS = 2
THREADS = 16


@contextmanager
def serving(application: str, *, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """Serve a WSGI application and give its address. `environment` adds to this process's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--backpressure", "128",
            "--no-log", application,
        ],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"} | dict(environment or {}),
    )  # fmt: skip
    try:
        wait_until_up(port)
        yield ("127.0.0.1", port)
    finally:
        process.terminate()
        process.wait(10)


def wait_until_up(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(b"GET /nothing-here HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("The web server did not come up.")
