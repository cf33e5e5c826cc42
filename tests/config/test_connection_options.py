import socket

import pytest
from django.db import connection

SET = """
    SELECT name, setting FROM pg_settings
    WHERE name LIKE 'tcp\\_%' OR name = 'client_connection_check_interval' ORDER BY name
"""


@pytest.mark.django_db
def test_the_server_gives_up_a_silent_machine_within_half_a_minute() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SET)
        assert cursor.fetchall() == [
            ("client_connection_check_interval", "5000"),
            ("tcp_keepalives_count", "3"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_user_timeout", "30000"),
        ]


@pytest.mark.django_db
def test_a_process_gives_up_a_silent_server_within_half_a_minute() -> None:
    connection.ensure_connection()
    with socket.socket(fileno=socket.dup(connection.connection.pgconn.socket)) as ours:
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        assert [ours.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [10, 5, 3, 30_000]


@pytest.mark.django_db
def test_no_statement_is_compiled_whatever_the_server_does_by_itself() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting, source FROM pg_settings WHERE name = 'jit'")
        assert cursor.fetchall() == [("off", "client")]
