"""The migration operation that indexes a table which others write to meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

IS_VALID = "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(%s)"


class AddIndexGently(AddIndexConcurrently):
    """Django's AddIndexConcurrently that can be begun again: in a migration with `atomic = False`.

    What an attempt left half made is dropped first, and an index that is there stays.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        name = schema_editor.connection.ops.quote_name(self.index.name)
        with waiting_for_others(schema_editor.connection):
            if not self._is_valid(schema_editor.connection, name):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        with waiting_for_others(schema_editor.connection):
            super().database_backwards(app_label, schema_editor, from_state, to_state)

    def _is_valid(self, connection: BaseDatabaseWrapper, name: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(IS_VALID, [name])
            found = cursor.fetchone()
        return bool(found and found[0])


@contextmanager
def waiting_for_others(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the limit of `migrate`: it waits for transactions that began before it, and nobody waits for it."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        [limit] = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")
        yield
        cursor.execute(f"SET lock_timeout = '{limit}'")
