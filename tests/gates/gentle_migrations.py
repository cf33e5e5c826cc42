"""What a migration must not do while the former release goes on serving: judged by its operations.

`unused_since = "v1.4"` on a migration names the release from which on nothing uses what it takes away; until that is
the former release of all who upgrade, the migration waits.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.expressions import Value
from django.db.models.fields import NOT_PROVIDED
from django.db.models.functions import Now

from accounts.gentle_indexes import AddIndexGently

INDEX = "an index keeps writers out while it is made: use AddIndexGently, in a migration with atomic = False"
CHECK = "all rows are read while nobody may use the table: use AddConstraintNotValid, and ValidateConstraint in another"
UNIQUE = "its index keeps everybody out while it is made: make a unique index CONCURRENTLY, then ADD ... USING INDEX"
FILLED = "the former release's INSERT does not name it: give it a db_default, or null"
VOLATILE = "every row is written anew while nobody may use the table: begin with null, fill it, then default"
TYPE = "every row is written anew while nobody may use the table: add a column, fill it, and change over"
NOT_NULL = "all rows are read while nobody may use the table: add a CHECK that is not valid yet, validate it, then this"
TAKEN = "the former release uses it: stop using it in one release, take it away in the next, with unused_since"
RENAMED = "the former release knows it by its name: add another, or keep db_table or db_column"
AT_ONCE = "rows are changed while the schema's locks are held: move them in a migration of their own"
HALF_DONE = "without a transaction this is not undone when it fails, and cannot be begun again"

TAKES_AWAY = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RemoveConstraint,
    migrations.RemoveIndex,
    migrations.AlterUniqueTogether,
)
RENAMES = (migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)
MAY_BE_REPEATED = (
    AddIndexGently,
    postgres.RemoveIndexConcurrently,
    postgres.ValidateConstraint,
    migrations.RunPython,
    migrations.RunSQL,
)
# Of SQL by hand; what follows `table` is the name of the table.
TABLE = r"(?:ONLY\s+)?(?P<table>\w+)"
SQL_RULES = (
    (rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)(?:IF\s+NOT\s+EXISTS\s+)?\w+\s+ON\s+(?!ONLY\s){TABLE}", INDEX),
    (rf"ALTER\s+TABLE\s+{TABLE}\s+ADD\s+CONSTRAINT\s+\w+\s+UNIQUE(?!\s+USING)", UNIQUE),
    (rf"ALTER\s+TABLE\s+{TABLE}\s+ADD\s+CONSTRAINT\s+\w+\s+(?:CHECK|FOREIGN)(?![^;]*NOT\s+VALID)", CHECK),
    (rf"ALTER\s+TABLE\s+{TABLE}\s+ALTER\s+(?:COLUMN\s+)?\w+\s+(?:SET\s+DATA\s+)?TYPE", TYPE),
    (rf"ALTER\s+TABLE\s+{TABLE}\s+ALTER\s+(?:COLUMN\s+)?\w+\s+SET\s+NOT\s+NULL", NOT_NULL),
    (rf"ALTER\s+TABLE\s+{TABLE}\s+RENAME", RENAMED),
    (rf"ALTER\s+TABLE\s+{TABLE}\s+DROP\s+(?!CONSTRAINT\s+IF)", TAKEN),
    (rf"DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?{TABLE}", TAKEN),
    (r"DROP\s+FUNCTION\s+(?:IF\s+EXISTS\s+)?(?P<table>\w+)", TAKEN),
)
MOVES_ROWS = re.compile(r"(?:^|;)\s*(?:UPDATE|DELETE|INSERT|WITH)\b", re.IGNORECASE)


def complaints(migration: migrations.Migration, state: ProjectState) -> list[tuple[str, str]]:
    """Each operation that would hurt, and why; `state` is what the migrations before it made, and is changed."""
    found: list[tuple[str, str]] = []
    new: set[str] = set()
    operations = list(_of_the_database(migration.operations))
    for operation in operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        new |= _made_by(operation, migration.app_label)
        found += [(operation.describe(), why) for why in _reasons(operation, migration.app_label, before, state, new)]
        if not migration.atomic and not isinstance(operation, MAY_BE_REPEATED):
            found.append((operation.describe(), HALF_DONE))
    if migration.atomic and {_moves_rows(each) for each in operations} == {True, False}:
        found.append(("The migration", AT_ONCE))
    is_unused = bool(getattr(migration, "unused_since", ""))
    return [(what, why) for what, why in found if not (is_unused and why == TAKEN)]


def _of_the_database(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Not those of the state alone."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _of_the_database(operation.database_operations)
        else:
            yield operation


def _made_by(operation: Operation, app: str) -> set[str]:
    """Tables that nobody uses yet."""
    if isinstance(operation, migrations.CreateModel):
        return {operation.options.get("db_table") or f"{app}_{operation.name_lower}"}
    return {name.lower() for name in re.findall(r"CREATE\s+TABLE\s+(\w+)", _sql(operation), re.IGNORECASE)}


def _reasons(operation: Operation, app: str, before: ProjectState, after: ProjectState, new: set[str]) -> Iterator[str]:
    if isinstance(operation, migrations.RunSQL):
        for rule, why in SQL_RULES:
            tables = (found["table"].lower() for found in re.finditer(rule, _sql(operation), re.IGNORECASE))
            yield from (why for table in tables if table not in new)
    elif isinstance(operation, RENAMES):
        yield RENAMED
    elif isinstance(operation, TAKES_AWAY) and not isinstance(operation, postgres.RemoveIndexConcurrently):
        yield TAKEN
    elif f"{app}_{getattr(operation, 'model_name_lower', '')}" in new:
        return
    elif isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexGently):
        yield INDEX
    elif isinstance(operation, migrations.AddConstraint) and not isinstance(operation, postgres.AddConstraintNotValid):
        yield CHECK if isinstance(operation.constraint, models.CheckConstraint) else UNIQUE
    elif isinstance(operation, migrations.AddField):
        yield from _of_a_new_field(after.apps.get_model(app, operation.model_name)._meta.get_field(operation.name))
    elif isinstance(operation, migrations.AlterField):
        then, now = (
            each.apps.get_model(app, operation.model_name)._meta.get_field(operation.name) for each in (before, after)
        )
        yield from _of_a_changed_field(then, now)


def _of_a_new_field(field: Any) -> Iterator[str]:
    if field.many_to_many:
        return
    default = field.db_default
    if default is NOT_PROVIDED and not field.null:
        yield FILLED
    if (isinstance(default, models.Expression) and not isinstance(default, Value | Now)) or field.generated:
        yield VOLATILE
    if field.unique or field.db_index:
        yield UNIQUE if field.unique else INDEX


def _of_a_changed_field(then: Any, now: Any) -> Iterator[str]:
    if then.db_type(connection) != now.db_type(connection) and not _only_grows(then, now):
        yield TYPE
    if then.null and not now.null:
        yield NOT_NULL
    if (now.unique, now.db_index) > (then.unique, then.db_index):
        yield UNIQUE if now.unique else INDEX
    if then.db_default is not NOT_PROVIDED and now.db_default is NOT_PROVIDED and not now.null:
        yield FILLED


def _only_grows(then: Any, now: Any) -> bool:
    """A longer varchar, or text, is the same bytes."""
    texts = models.CharField, models.TextField
    return isinstance(then, texts) and isinstance(now, texts) and (now.max_length or 1e9) >= (then.max_length or 1e9)


def _moves_rows(operation: Operation) -> bool:
    return isinstance(operation, migrations.RunPython) or bool(MOVES_ROWS.search(_sql(operation)))


def _sql(operation: Operation) -> str:
    if not isinstance(operation, migrations.RunSQL):
        return ""
    statements = [operation.sql] if isinstance(operation.sql, str) else operation.sql
    return ";\n".join(each if isinstance(each, str) else each[0] for each in statements)
