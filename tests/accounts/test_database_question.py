import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from accounts.database_question import Address, address_of, answers

QUICKLY = 0.1


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_living_server_answers(db: None) -> None:
    connection.ensure_connection()
    assert answers(address_of(connection.connection), within=20)


def test_one_that_takes_the_call_and_says_nothing_does_not(listener: socket.socket) -> None:
    assert not answers(Address(socket.AF_INET, listener.getsockname()), within=QUICKLY)


def test_a_refusal_is_an_answer(listener: socket.socket) -> None:
    address = Address(socket.AF_INET, listener.getsockname())
    listener.close()
    assert answers(address, within=QUICKLY)


def test_a_socket_that_is_gone_is_an_answer(tmp_path: Path) -> None:
    assert answers(Address(socket.AF_UNIX, str(tmp_path / ".s.PGSQL.5432")), within=QUICKLY)


def test_a_queue_that_nobody_serves_is_silence(tmp_path: Path) -> None:
    path = str(tmp_path / ".s.PGSQL.5432")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as waiting:
        listening.bind(path)
        listening.listen(0)
        waiting.connect(path)
        assert not answers(Address(socket.AF_UNIX, path), within=QUICKLY)
