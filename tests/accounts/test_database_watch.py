import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, connections
from django.test import Client as Browser
from pytest_django import Settings

from accounts import database_question, database_watch
from accounts.api_keys import NewKey, create_api_key
from accounts.database_question import Address
from accounts.database_watch import Wait, Watch, end_after, is_silence, watch
from accounts.models import ApiKey
from accounts.tenancy import organization_scope
from telemetry.round_trips import fetch_one
from tests.accounts.freezable import Passage
from tests.factories import OrganizationFactory, UserFactory
from tests.sessions import sign_in

pytestmark = pytest.mark.usefixtures("committed_db")

EVENT = {"type": "track", "event": "login", "userId": "ada", "messageId": "m-1"}
SLOW = "SELECT 1 FROM pg_sleep(0.4)"


@pytest.fixture(autouse=True)
def _looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_watch, "LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(database_watch, "ASK_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(database_watch, "ASK_EVERY_SECONDS", 0.05)


@pytest.fixture
def passage(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Passage]:
    """The way that the serving role's connections take, as long as the test lasts."""
    ours = django_settings.DATABASES["default"]
    server = ours["HOST"], ours["PORT"]
    monkeypatch.setattr(database_question, "PATIENCE_SECONDS", 0.25)
    passage = Passage((str(server[0]), int(server[1])))
    connections.close_all()
    ours["HOST"], ours["PORT"] = "127.0.0.1", passage.port
    yield passage
    passage.flows.set()
    wait_until(lambda: not watch.is_silent)
    connections.close_all()
    ours["HOST"], ours["PORT"] = server
    watch.server = None
    passage.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def keys_of(kind: ApiKey.Kind) -> NewKey:
    organization = OrganizationFactory.create()
    with organization_scope(organization.pk):
        return create_api_key(organization, kind=kind, name="tests")


def send_event(browser: Browser, path: str = "/api/v1/events") -> Any:
    key = keys_of(ApiKey.Kind.WRITE)
    body, headers = {"events": [EVENT], "batch": [EVENT]}, {"authorization": f"Bearer {key.secret}"}
    return lambda: browser.post(path, body, "application/json", headers=headers)


def read_clients(browser: Browser) -> Any:
    key = keys_of(ApiKey.Kind.SECRET)
    return lambda: browser.get("/api/v1/clients", headers={"authorization": f"Bearer {key.secret}"})


def open_admin(browser: Browser) -> Any:
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    return lambda: browser.get("/admin/")


ASKED: dict[str, Callable[[Browser], Any]] = {
    "native events": send_event,
    "Segment's events": lambda browser: send_event(browser, "/v1/batch"),
    "RudderStack's events": lambda browser: send_event(browser, "/beacon/v1/batch"),
    "the API": read_clients,
    "the admin": open_admin,
    "a client's page": lambda browser: lambda: browser.get("/client/sign-in"),
    "readiness": lambda browser: lambda: browser.get("/readyz"),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_request_is_told_to_come_again_while_the_database_is_frozen(passage: Passage, name: str) -> None:
    browser = Browser(raise_request_exception=False)
    ask = ASKED[name](browser)
    assert ask().status_code == 200
    passage.flows.clear()
    answers = [ask(), ask()]
    passage.flows.set()
    assert [(answer.status_code, answer["Retry-After"]) for answer in answers] == [(503, "5")] * 2
    wait_until(lambda: not watch.is_silent)
    assert ask().status_code == 200


def test_who_develops_sees_the_same(passage: Passage, settings: Settings) -> None:
    settings.DEBUG = True
    ask = open_admin(Browser(raise_request_exception=False))
    assert ask().status_code == 200
    passage.flows.clear()
    answer = ask()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_nothing_waits_a_second_time(passage: Passage) -> None:
    with Wait():
        assert fetch_one("SELECT 1", []) == (1,)
        passage.flows.clear()
        with pytest.raises(OperationalError):
            fetch_one("SELECT 1", [])
    assert watch.is_silent
    with pytest.raises(OperationalError, match="no second time"), Wait():
        fetch_one("SELECT 1", [])


def test_who_connects_asks_first(passage: Passage) -> None:
    with Wait():
        fetch_one("SELECT 1", [])
    connection.close()
    passage.flows.clear()
    with pytest.raises(OperationalError, match="no second time"), Wait():
        fetch_one("SELECT 1", [])


@pytest.mark.slow
def test_a_process_that_never_had_a_connection_learns_by_one_request(passage: Passage) -> None:
    watch.server = None
    passage.flows.clear()
    with pytest.raises(OperationalError), Wait():
        fetch_one("SELECT 1", [])
    assert watch.is_silent


def test_what_is_no_request_waits_and_goes_on(passage: Passage) -> None:
    def work() -> Any:
        try:
            return fetch_one("SELECT 1", [])
        finally:
            connection.close()

    with Wait():
        fetch_one("SELECT 1", [])
    passage.flows.clear()
    with ThreadPoolExecutor(1) as worker:
        result = worker.submit(work)
        with pytest.raises(OperationalError), Wait():
            fetch_one("SELECT 1", [])
        passage.flows.set()
        assert result.result(20) == (1,)


def test_a_slow_statement_of_a_living_server_is_left_alone() -> None:
    watch.ask_at = 0.0
    with Wait() as wait:
        assert fetch_one(SLOW, []) == (1,)
    assert watch.ask_at > 0
    assert (wait.is_over, watch.is_silent) == (False, False)


@pytest.mark.parametrize(
    ("patience", "statements"),
    [(1, [SLOW]), (0.15, ["SELECT 1 FROM pg_sleep(0.06)"] * 8)],
    ids=["the statement that makes it so comes to its end", "a page waits at either look, and each time for another"],
)
def test_a_server_that_answers_somebody_is_not_silent(
    patience: float, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is so busy that nobody new gets through."""
    monkeypatch.setattr(database_question, "PATIENCE_SECONDS", patience)
    watch.ask_at = 0.0
    with Wait() as wait, socket.create_server(("127.0.0.1", 0)) as deaf:
        fetch_one("SELECT 1", [])
        watch.server = Address(socket.AF_INET, deaf.getsockname())
        for statement in statements:
            assert fetch_one(statement, []) == (1,)
        wait_until(lambda: watch.ask_at > 0)
    assert (wait.is_over, watch.is_silent) == (False, False)
    watch.server = None


@pytest.mark.slow
@pytest.mark.parametrize(("ports", "expected"), [("{frozen},{closed}", True), ("{closed},{closed}", False)])
def test_silence_of_one_address_is_silence(ports: str, expected: bool) -> None:
    """A name may lead to several addresses, of which the last is refused at once."""
    with socket.create_server(("127.0.0.1", 0)) as frozen, socket.create_server(("127.0.0.1", 0)) as other:
        numbers = {"frozen": frozen.getsockname()[1], "closed": other.getsockname()[1]}
        other.close()
        with pytest.raises(psycopg.OperationalError) as told:
            psycopg.connect(host="127.0.0.1,127.0.0.1", port=ports.format(**numbers), connect_timeout=2)
    assert is_silence(told.value) is expected


def test_a_thread_that_could_not_begin_is_begun_by_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Watch()
    with monkeypatch.context() as without_threads:
        without_threads.setattr(database_watch, "Thread", mock.Mock(side_effect=RuntimeError))
        with pytest.raises(RuntimeError):
            fresh.begin(Wait())
    fresh.begin(Wait())
    assert fresh.thread is not None
    assert fresh.thread.is_alive()


def test_a_deadline_ends_the_statement_of_a_living_server() -> None:
    with Wait() as wait, connection.cursor() as cursor:
        # So that the server, which is not frozen here, notices.
        cursor.execute("SET client_connection_check_interval = '20ms'")
        end_after(0.1)
        with pytest.raises(OperationalError):
            fetch_one("SELECT pg_sleep(20)", [])
    assert wait.is_over
    connection.close()


def test_what_is_done_in_time_is_left_alone() -> None:
    with Wait():
        end_after(30)
        assert fetch_one("SELECT 1", []) == (1,)
    assert fetch_one("SELECT 2", []) == (2,)


def test_a_connection_that_died_while_idle_is_replaced() -> None:
    with Wait():
        pid = fetch_one("SELECT pg_backend_pid()", [])
        assert pid
        assert connection.connection
        connection.connection.close()
        assert fetch_one("SELECT pg_backend_pid()", []) not in (None, pid)


def test_an_error_of_the_statement_is_not_tried_again() -> None:
    with pytest.raises(OperationalError, match="statement timeout"):
        fetch_one("SET statement_timeout = '50ms'; SELECT pg_sleep(5)", [])
    connection.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_watches_anew() -> None:
    with watch.lock:
        child = os.fork()
        if child == 0:
            signal.alarm(5)
            with watch.lock:
                os._exit(0 if watch.thread is None and not watch.waits else 1)
    assert os.waitpid(child, 0)[1] == 0
