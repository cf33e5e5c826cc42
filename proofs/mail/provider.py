"""A mail provider for a proof or a test: an HTTP API like Resend's, which takes a key once and misbehaves as told."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REFUSED = 422
Trouble = str | int | float | tuple[int, dict[str, Any]] | None


@dataclass
class Provider:
    """`taken` are the mails by key, `delivered` how often each was; `misbehave(message)` says what to do to a request.

    A number is an HTTP status in place of taking it, perhaps with a body; "lose" hangs up after taking it, "fail"
    answers 500 after taking it, "hang up" hangs up before, and a fraction waits so many seconds first.
    Asked like Postmark it knows the ids of the mails in `found`.
    """

    misbehave: Callable[[dict[str, Any]], Trouble] = lambda _message: None
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    delivered: list[dict[str, Any]] = field(default_factory=list)
    replayed: int = 0
    found: dict[str, str] = field(default_factory=dict)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, message: dict[str, Any]) -> str:
        """Deliver it unless the key is known; the id that it has here."""
        with self.lock:
            known = self.taken.get(key)
            if known is None:
                known = self.taken[key] = {"id": f"mail-{len(self.delivered) + 1}", "message": message}
                self.delivered.append(message)
            else:
                self.replayed += 1
            return str(known["id"])


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    provider: Provider

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.provider.requests.append((self.path, dict(self.headers), message))
        trouble = self.provider.misbehave(message)
        if trouble == REFUSED and self.headers.get("Idempotency-Key") in self.provider.taken:
            # What was taken is not refused any more: the first answer is given again.
            trouble = None
        if trouble == "hang up":
            self.hang_up()
        elif isinstance(trouble, int):
            self.answer(trouble, {"name": "no", "message": "no"})
        elif isinstance(trouble, tuple):
            self.answer(*trouble)
        else:
            self.take(message, trouble)

    def take(self, message: dict[str, Any], trouble: str | float | None) -> None:
        if isinstance(trouble, float):
            time.sleep(trouble)
        mail_id = self.provider.take(self.headers.get("Idempotency-Key") or "", message)
        if trouble == "lose":
            self.hang_up()
        elif trouble == "fail":
            self.answer(500, {"name": "internal_server_error"})
        else:
            self.answer(200, {"id": mail_id})

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.provider.queries.append(query)
        known = self.provider.found.get(query["metadata_uid"][0])
        self.answer(200, {"Messages": [{"MessageID": known}] if known else []})

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the class has
        """Nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or one that was hung up on, is no error of the server's."""


@contextmanager
def mail_provider(
    misbehave: Callable[[dict[str, Any]], Trouble] = lambda _message: None,
) -> Iterator[Provider]:
    provider = Provider(misbehave)
    with Server(("127.0.0.1", 0), type("OwnRequest", (Request,), {"provider": provider})) as server:
        provider.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
