"""Statements that are a transaction of their own, sent without asking first whether the connection still lives."""

from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connection


def fetch_one(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row. A connection that died while it was idle is replaced once.

    What was sent may then be done twice, so it has to be safe to do twice. Inside of a transaction it is
    an ordinary query.
    """
    if connection.in_atomic_block:
        return _fetch_one(sql, parameters)
    # Django would ask with a query of its own at each request.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _fetch_one(sql, parameters)
    except (OperationalError, InterfaceError):
        if connection.connection is not None and connection.is_usable():
            raise
        connection.close()
        return _fetch_one(sql, parameters)


def _fetch_one(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
