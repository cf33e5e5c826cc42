import time

import pytest
from django.db import OperationalError, connection

from telemetry.deadlines import database_deadline
from telemetry.round_trips import fetch_one

pytestmark = pytest.mark.usefixtures("committed_db")


def test_a_database_that_does_not_answer_is_given_up() -> None:
    with connection.cursor() as cursor:
        # So that the server, which is not frozen here, notices.
        cursor.execute("SET client_connection_check_interval = '20ms'")
    begun = time.monotonic()
    with pytest.raises(OperationalError), database_deadline(0.1), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    assert time.monotonic() - begun < 5
    connection.close()


def test_what_is_done_in_time_is_left_alone() -> None:
    with database_deadline(30):
        assert fetch_one("SELECT 1", []) == (1,)
    assert fetch_one("SELECT 2", []) == (2,)


def test_a_connection_that_died_while_idle_is_replaced() -> None:
    pid = fetch_one("SELECT pg_backend_pid()", [])
    assert pid
    assert connection.connection
    connection.connection.close()
    assert fetch_one("SELECT pg_backend_pid()", []) not in (None, pid)


def test_an_error_of_the_statement_is_not_tried_again() -> None:
    with pytest.raises(OperationalError, match="statement timeout"):
        fetch_one("SET statement_timeout = '50ms'; SELECT pg_sleep(5)", [])
    connection.close()
