"""Django's PostgreSQL, of which a watched request gets no connection when it has waited for one in vain."""

from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg import Error

from accounts.database_question import address_of
from accounts.database_watch import is_silence, watch

# For each address that the host has; libpq takes no less.
CONNECT_SECONDS = 2


class DatabaseWrapper(base.DatabaseWrapper):
    """`asked` counts what has been asked: who waits, and asks another question a moment later, had an answer."""

    asked = 0

    def create_cursor(self, name: str | None = None) -> Any:
        self.asked += 1
        return super().create_cursor(name)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        wait = watch.here()
        if wait is None or self.alias != "default":
            return self._connect(conn_params)
        if watch.is_refused(wait):
            raise OperationalError("The database does not answer: the request waits no second time.")
        try:
            return self._connect(conn_params | {"connect_timeout": CONNECT_SECONDS})
        except Error as error:
            wait.is_over = True
            if is_silence(error):
                # Of a process that never had a connection, whose server nobody could ask.
                watch.fall_silent()
            raise

    def _connect(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if self.alias == "default":
            watch.server = address_of(connection)
        return connection

    def _close(self) -> None:
        # Not while the watch ends it: its number could be another connection's by then.
        with watch.lock:
            super()._close()  # type: ignore[misc]
