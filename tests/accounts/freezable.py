"""A way to the database's server that can be frozen: connections are taken, and nothing comes back."""

import selectors
import socket
from contextlib import suppress
from threading import Event, Thread


class Passage:
    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.flows, self.is_closed = Event(), Event()
        self.flows.set()
        self.others: dict[socket.socket, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.is_closed.set()
        self.flows.set()
        self.thread.join()
        for each in (self.listener, *self.others):
            each.close()
        self.selector.close()

    def _run(self) -> None:
        while not self.is_closed.is_set():
            for key, _ in self.selector.select(0.02):
                self.flows.wait()
                self._take(key.fileobj)  # type: ignore[arg-type]

    def _take(self, ready: socket.socket) -> None:
        if ready is self.listener:
            ours, _ = self.listener.accept()
            theirs = socket.create_connection(self.server)
            self.others |= {ours: theirs, theirs: ours}
            for each in (ours, theirs):
                self.selector.register(each, selectors.EVENT_READ)
        elif ready in self.others:
            data = b""
            with suppress(OSError):
                data = ready.recv(65_536)
                self.others[ready].sendall(data)
            if not data:
                for each in (ready, self.others[ready]):
                    self.selector.unregister(each)
                    del self.others[each]
                    each.close()
