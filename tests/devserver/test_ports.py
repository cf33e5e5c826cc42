import socket
from collections.abc import Iterator

import pytest

from devserver import UnableToStartError, ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_remembered_port_is_chosen_while_it_is_free() -> None:
    port = ports.choose(None)
    assert ports.choose(port) == port


def test_a_remembered_port_that_is_taken_is_given_up(taken: int) -> None:
    chosen = ports.choose(taken)
    assert chosen != taken
    assert ports.is_free(chosen)


def test_two_claims_of_one_port_get_different_ones() -> None:
    wanted = ports.choose(None)
    with ports.claim(wanted, "127.0.0.1") as first, ports.claim(wanted, "127.0.0.1") as second:
        assert first == wanted
        assert second > first


def test_a_claim_ends_with_its_block() -> None:
    wanted = ports.choose(None)
    with ports.claim(wanted, "127.0.0.1"):
        pass
    with ports.claim(wanted, "127.0.0.1") as port:
        assert port == wanted


def test_no_port_at_all_is_explained(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda *_: False)
    with pytest.raises(UnableToStartError, match=f"from {taken} on"), ports.claim(taken, "127.0.0.1"):
        pass
