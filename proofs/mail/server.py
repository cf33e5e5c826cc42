"""A mail server for a proof or a test: speaks SMTP over a socket and misbehaves as it is told."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

# What a server can do to a client; each is asked of `misbehave` where it would happen.
STEPS = ("connect", "mail", "rcpt", "data", "body", "end")


@dataclass
class Mailbox:
    """`accepted` are the mails that the server has taken, whatever it answered; `peers` where each came from.

    `misbehave(step)` gives an answer in place of the usual one, "drop" to hang up, a number of seconds to wait, or
    None.
    """

    misbehave: Callable[[str], str | float | None] = lambda _step: None
    accepted: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(each, policy=policy.default) for each in self.accepted]


class HungUpError(Exception):
    pass


class Session(socketserver.StreamRequestHandler):
    timeout = 30
    mailbox: Mailbox

    def handle(self) -> None:
        self.mailbox.connections += 1
        try:
            self.answer("connect", "220 ready")
            self.converse()
        except (HungUpError, OSError):
            pass

    def converse(self) -> None:
        sender, recipients = "", list[str]()
        while line := self.rfile.readline():
            verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    self.say("250 hello")
                case "MAIL":
                    sender, recipients = rest, []
                    self.answer("mail", "250 ok")
                case "RCPT":
                    recipients.append(rest)
                    self.answer("rcpt", "250 ok")
                case "DATA":
                    self.take(sender, recipients)
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")

    def take(self, sender: str, recipients: list[str]) -> None:
        if not self.answer("data", "354 go on"):
            return
        body = bytearray()
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise HungUpError
            if not body:
                self.wait_or_drop("body")
            body += line[1:] if line.startswith(b".") else line
        answer = self.mailbox.misbehave("end")
        if not (isinstance(answer, str) and answer[:1] in "45"):
            self.mailbox.accepted.append(bytes(body))
            self.mailbox.envelopes.append((sender, recipients))
            self.mailbox.peers.append(self.client_address[0])
        self.give(answer, "250 taken")

    def wait_or_drop(self, step: str) -> None:
        answer = self.mailbox.misbehave(step)
        if answer == "drop":
            raise HungUpError
        if isinstance(answer, float):
            time.sleep(answer)

    def answer(self, step: str, usual: str) -> bool:
        return self.give(self.mailbox.misbehave(step), usual)

    def give(self, answer: str | float | None, usual: str) -> bool:
        """Whether the usual answer was given."""
        if answer == "drop":
            raise HungUpError
        if isinstance(answer, float):
            time.sleep(answer)
        elif answer is not None:
            self.say(answer)
            return False
        self.say(usual)
        return True

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error of the server's."""


@contextmanager
def mail_server(
    misbehave: Callable[[str], str | float | None] = lambda _step: None, *, address: str = "127.0.0.1"
) -> Iterator[Mailbox]:
    mailbox = Mailbox(misbehave)
    handler = type("OwnSession", (Session,), {"mailbox": mailbox})
    with Server((address, 0), handler) as server:
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
