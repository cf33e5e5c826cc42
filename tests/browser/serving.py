"""Servers of the browser tests: the application as it is, and a place on another origin."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from wsgiref.simple_server import WSGIServer

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

LOOPBACK = "127.0.0.1"


class _QuietRequests(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class _QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class _AnsweringServer(ThreadedWSGIServer):
    """One that is closed when the last request is answered: what still writes would write into the next test."""

    daemon_threads = False


@contextmanager
def served_application() -> Iterator[str]:
    """The address of the application; the database must commit (`committed_db`), and pages be closed before it is."""
    application = get_wsgi_application()
    server = _AnsweringServer((LOOPBACK, 0), _QuietRequests, ipv6=False)
    server.set_app(application)
    with _running(server):
        yield f"http://{LOOPBACK}:{server.server_port}"


@contextmanager
def served_folder(folder: Path) -> Iterator[str]:
    """The address of plain files on an origin of their own."""
    server = ThreadingHTTPServer((LOOPBACK, 0), partial(_QuietFiles, directory=str(folder)))
    with _running(server):
        yield f"http://{LOOPBACK}:{server.server_port}"


@contextmanager
def _running(server: WSGIServer | ThreadingHTTPServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
