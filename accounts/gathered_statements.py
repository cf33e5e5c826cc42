"""How a migration holds its locks no longer than its statements take."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from django.db.backends.postgresql.schema import DatabaseSchemaEditor


class Deferred(list[Any]):
    """Django notes a migration in its own transaction when this is false, and in another after it otherwise."""

    def __bool__(self) -> bool:
        return False


class GatheringSchemaEditor(DatabaseSchemaEditor):
    """Executes the statements of a migration together at its end.

    Django works out each operation while the locks of those before it are held, a tenth of a second and more for each.
    Where anything else asks the database in between, such as a migration in Python, what was gathered goes first: the
    order stays. That it was made is noted in the same transaction, whatever it defers: one that is killed can be begun
    again. Migrations without a transaction are left alone.
    """

    def __enter__(self) -> Self:
        self._gathered: list[tuple[str, Any]] = []
        self._ahead = self.connection.execute_wrapper(self._flush_ahead)
        self._ahead.__enter__()
        super().__enter__()
        if self.atomic_migration:
            self.deferred_sql = Deferred()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
                while len(self.deferred_sql):
                    super().execute(self.deferred_sql.pop(0), None)
        except BaseException:
            super().__exit__(*sys.exc_info())
            raise
        else:
            super().__exit__(kind, error, traceback)
        finally:
            self._ahead.__exit__(None, None, None)

    def execute(self, sql: Any, params: Any = ()) -> None:
        if self.atomic_migration and not self.collect_sql:
            self._gathered.append((str(sql), params))
        else:
            super().execute(sql, params)

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        for sql, params in gathered:
            super().execute(sql, params)

    def _flush_ahead(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self._flush()
        return execute(sql, params, many, context)
