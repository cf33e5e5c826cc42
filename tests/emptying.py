"""The tables as the migrations left them: after a test whose work must be committed.

Most leave a few rows in a few tables, and to TRUNCATE all of these makes hundreds of files anew. So it is asked in one
statement which have rows, and these are deleted in one, so that foreign keys are looked at when all of it is gone.
"""

from typing import Any

import psycopg
from django.db import connections

from tests import database

Connection = psycopg.Connection[tuple[Any, ...]]

KEPT = ("django_migrations", "django_content_type", "auth_permission")
# How many rows for every organization the migrations make, the first of each table.
SHARED = {
    "success_scoringpolicy": 1, "success_milestonedefinition": 14, "health_healthpolicy": 1, "emails_contactpolicy": 1,
}  # fmt: skip
TABLES = """
    SELECT c.relname, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL (%s)
    ORDER BY c.relname
"""
_held: list[Connection] = []


def empty_tables() -> None:
    """Delete every row but the migrations' own. Whoever still writes is waited for; no id is given twice."""
    owner = _owner()
    with owner.transaction():
        owner.execute("SELECT set_config('mainstay.scope', 'all', true)")
        guarded: dict[str, bool] = dict(owner.execute(TABLES, [list(KEPT)]).fetchall())
        owner.execute(f"LOCK TABLE {', '.join(guarded)} IN SHARE ROW EXCLUSIVE MODE")
        left = _tables_with_rows(owner, list(guarded))
        if left:
            _delete(owner, left, [name for name in left if guarded[name]])


def let_go() -> None:
    """Close the connection, which is kept because it has the tables and the plans of these statements in memory."""
    while _held:
        _held.pop().close()


def _owner() -> Connection:
    if not _held:
        _held.append(database.owner_connection(connections["owner"].settings_dict["NAME"]))
    return _held[0]


def _unshared(name: str) -> str:
    return f"{name} WHERE NOT (organization_id IS NULL AND id <= {SHARED[name]})" if name in SHARED else name


def _tables_with_rows(owner: Connection, names: list[str]) -> list[str]:
    each = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {_unshared(name)})" for name in names)
    return [name for (name,) in owner.execute(" UNION ALL ".join(each), prepare=True)]


def _delete(owner: Connection, names: list[str], guarded: list[str]) -> None:
    for name in guarded:
        owner.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    *others, last = [f"DELETE FROM {_unshared(name)}" for name in names]
    parts = ", ".join(f"deleted_{number} AS ({each})" for number, each in enumerate(others))
    owner.execute(f"WITH {parts} {last}" if others else last)
    # What still has checks to come cannot be altered.
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name in guarded:
        owner.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
