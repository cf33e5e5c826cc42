"""A request as bytes to the server and its answer, timed."""

import socket
import time
from dataclasses import dataclass

PATIENCE_SECONDS = 20
# How long the server has to answer a request that is not whole before its sender ends its half of the connection.
WAIT_SECONDS = 0.15
TO_SIGN_IN = (b"/client/sign-in", b"/admin/login/")
AT_THE_DOOR = {401, 403, 429}


@dataclass(frozen=True)
class Answer:
    """`status` is 0 where the server closed without one."""

    status: int
    seconds: float
    size: int
    is_to_sign_in: bool
    body: bytes

    @property
    def got_past(self) -> bool:
        """Sign-in, keys, the token against forgery and the limits of requests: the program itself answered."""
        return bool(self.status) and self.status not in AT_THE_DOOR and not self.is_to_sign_in


def exchanged(port: int, content: bytes, *, is_whole: bool = True) -> Answer:
    begun = time.monotonic()
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        try:
            connection.sendall(content)
            if not is_whole:
                answer += _first_of(connection)
            while piece := connection.recv(65_536):
                answer += piece
        except OSError:
            # Reset while we were sending, perhaps after an answer.
            answer += _left_in(connection)
    return _answer(bytes(answer), time.monotonic() - begun)


def _first_of(connection: socket.socket) -> bytes:
    connection.settimeout(WAIT_SECONDS)
    try:
        return connection.recv(65_536)
    except TimeoutError:
        connection.shutdown(socket.SHUT_WR)
        return b""
    finally:
        connection.settimeout(PATIENCE_SECONDS)


def _left_in(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except OSError:
        return b""


def _answer(answer: bytes, seconds: float) -> Answer:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head[9:12]) if head[:5] == b"HTTP/" and head[9:12].isdigit() else 0
    places = [line for line in head.split(b"\r\n") if line.lower().startswith(b"location:")]
    is_to_sign_in = any(place in line for line in places for place in TO_SIGN_IN)
    return Answer(status, seconds, len(answer), is_to_sign_in, body)
