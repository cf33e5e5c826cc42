"""Migrations run while the former release serves: what would make it wait or fail is refused."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.postgres import operations as postgres
from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from accounts.gentle_indexes import AddIndexGently
from tests.gates import gentle_migrations as why
from tests.gates.gentle_migrations import complaints

# The last of each application before this gate. What is among them was made on small tables.
KNOWN = {"accounts": 7, "emails": 12, "health": 7, "jobs": 3, "success": 10, "telemetry": 6}

TABLE = ModelState(
    "accounts",
    "organization",
    [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=200))],
)
INDEX = models.Index(fields=["name"], name="sample")
CHECK = models.CheckConstraint(condition=models.Q(id__gt=0), name="sample")
UNIQUE = models.UniqueConstraint(fields=["name"], name="sample")


def ours() -> set[str]:
    return {app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR}


def test_no_migration_hurts_the_release_before_it() -> None:
    loader = MigrationLoader(None)
    new = [key for key in loader.disk_migrations if key[0] in ours() and int(key[1][:4]) > KNOWN.get(key[0], 0)]
    hurting = {
        ".".join(key): complaints(loader.disk_migrations[key], loader.project_state(key, at_end=False)) for key in new
    }
    assert {name: found for name, found in hurting.items() if found} == {}


def judged(*operations: Operation, atomic: bool = True, unused_since: str = "") -> list[str]:
    """Why a migration of the accounts with these operations is refused."""
    made = {"operations": list(operations), "atomic": atomic, "unused_since": unused_since}
    migration = type("Migration", (migrations.Migration,), made)("sample", "accounts")
    return [reason for _, reason in complaints(migration, ProjectState({("accounts", "organization"): TABLE.clone()}))]


def add(**options: Any) -> Operation:
    return migrations.AddField("organization", "sample", models.CharField(max_length=9, **options))


def alter(name: str, field: models.Field[Any, Any]) -> Operation:
    return migrations.AlterField("organization", name, field)


@pytest.mark.parametrize(
    ("operation", "reasons"),
    [
        (migrations.AddIndex("organization", INDEX), [why.INDEX]),
        (migrations.AddConstraint("organization", CHECK), [why.CHECK]),
        (migrations.AddConstraint("organization", UNIQUE), [why.UNIQUE]),
        (add(), [why.FILLED]),
        (add(default="a"), [why.FILLED]),
        (add(null=True, db_index=True), [why.INDEX]),
        (add(null=True, unique=True), [why.UNIQUE]),
        (add(null=True, db_default=RandomUUID()), [why.VOLATILE]),
        (alter("name", models.IntegerField()), [why.TYPE]),
        (alter("name", models.CharField(max_length=3)), [why.TYPE]),
        (alter("name", models.CharField(max_length=999, db_index=True)), [why.INDEX]),
        (migrations.RemoveField("organization", "name"), [why.TAKEN]),
        (migrations.DeleteModel("organization"), [why.TAKEN]),
        (migrations.RenameField("organization", "name", "title"), [why.RENAMED]),
        (migrations.RunSQL("CREATE INDEX sample ON accounts_client (name)"), [why.INDEX]),
        (migrations.RunSQL("ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0)"), [why.CHECK]),
        (migrations.RunSQL("ALTER TABLE a ADD CONSTRAINT b UNIQUE (c)"), [why.UNIQUE]),
        (migrations.RunSQL("ALTER TABLE a ALTER COLUMN b TYPE bigint"), [why.TYPE]),
        (migrations.RunSQL("ALTER TABLE a ALTER b SET NOT NULL"), [why.NOT_NULL]),
        (migrations.RunSQL("ALTER TABLE a RENAME b TO c"), [why.RENAMED]),
        (migrations.RunSQL("ALTER TABLE a DROP COLUMN b"), [why.TAKEN]),
        (migrations.RunSQL("DROP FUNCTION a(date)"), [why.TAKEN]),
        (migrations.RunSQL(["DROP TABLE a"]), [why.TAKEN]),
        (add(null=True), []),
        (add(db_default="a"), []),
        (migrations.AddField("organization", "sample", models.DateTimeField(db_default=Now())), []),
        (alter("name", models.CharField(max_length=999)), []),
        (postgres.AddConstraintNotValid("organization", CHECK), []),
        (migrations.RunSQL("CREATE TABLE a (b int); CREATE INDEX c ON a (b)"), []),
        (migrations.RunSQL("ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0) NOT VALID"), []),
        (migrations.RunSQL("CREATE OR REPLACE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1'"), []),
        (migrations.RunSQL("UPDATE accounts_client SET name = ''"), []),
    ],
)
def test_an_operation_is_judged(operation: Operation, reasons: list[str]) -> None:
    assert judged(operation) == reasons


def test_a_table_that_is_new_takes_anything() -> None:
    make = migrations.CreateModel("sample", [("id", models.BigAutoField(primary_key=True))])
    assert judged(make, migrations.AddField("sample", "name", models.CharField(max_length=9, unique=True))) == []


def test_an_index_made_gently_needs_a_migration_that_can_be_begun_again() -> None:
    assert judged(AddIndexGently("organization", INDEX), atomic=False) == []
    assert judged(AddIndexGently("organization", INDEX), add(null=True), atomic=False) == [why.HALF_DONE]


def test_rows_are_not_moved_while_the_schema_is_locked() -> None:
    assert judged(add(null=True), migrations.RunSQL("UPDATE accounts_organization SET sample = name")) == [why.AT_ONCE]
    assert judged(add(null=True), migrations.RunPython(migrations.RunPython.noop)) == [why.AT_ONCE]


def test_what_is_unused_may_be_taken_away() -> None:
    assert judged(migrations.RemoveField("organization", "name"), unused_since="v1.4") == []
    assert judged(add(), unused_since="v1.4") == [why.FILLED]


def test_what_changes_the_state_alone_hurts_nobody() -> None:
    operation = migrations.RemoveField("organization", "name")
    assert judged(migrations.SeparateDatabaseAndState(state_operations=[operation])) == []
