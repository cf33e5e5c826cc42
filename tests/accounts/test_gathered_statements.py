"""Statements of a migration wait for its end, and for nobody who asks before."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connections, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from accounts.gathered_statements import GatheringSchemaEditor

MAKE = "CREATE TABLE sample_gathered (id integer)"
LOCKS = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'sample_gathered'"


class Sample(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Sample",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9, db_index=True))],
            options={"db_table": "sample_gathered"},
        )
    ]


@pytest.fixture(autouse=True)
def _no_table(schema: None) -> Iterator[None]:
    yield
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS sample_gathered")


def ask(query: str, *, role: str) -> object:
    with connections[role].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def exists() -> bool:
    return ask("SELECT to_regclass('sample_gathered') IS NOT NULL", role="default") is True


def test_no_lock_is_held_before_the_end() -> None:
    with GatheringSchemaEditor(connections["owner"]) as editor:
        editor.execute(MAKE)
        editor.execute("INSERT INTO sample_gathered VALUES (%s)", [7])
        assert ask(LOCKS, role="default") == 0
    assert ask("SELECT id FROM sample_gathered", role="owner") == 7


def test_who_asks_in_between_sees_what_went_before() -> None:
    with GatheringSchemaEditor(connections["owner"]) as editor:
        editor.execute(MAKE)
        assert ask("SELECT count(*) FROM sample_gathered", role="owner") == 0
        assert not exists()
    assert exists()


def test_what_is_deferred_comes_last() -> None:
    with GatheringSchemaEditor(connections["owner"]) as editor:
        editor.deferred_sql.append("INSERT INTO sample_gathered VALUES (8)")
        editor.execute(MAKE)
    assert ask("SELECT id FROM sample_gathered", role="owner") == 8


def test_a_migration_is_noted_in_its_own_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two, it could not be begun again. An index is made last, which Django has noted afterwards."""
    owner = connections["owner"]
    monkeypatch.setattr(owner, "SchemaEditorClass", GatheringSchemaEditor)
    executor = MigrationExecutor(owner)
    executor.apply_migration(ProjectState(), Sample("0001_sample", "humanize"))
    noted, made = (
        ask(query, role="owner")
        for query in (
            "SELECT xmin::text FROM django_migrations WHERE app = 'humanize'",
            "SELECT xmin::text FROM pg_class WHERE relname = 'sample_gathered'",
        )
    )
    executor.recorder.record_unapplied("humanize", "0001_sample")
    assert noted == made
    assert ask("SELECT count(*) FROM pg_indexes WHERE tablename = 'sample_gathered'", role="owner") == 3


def make_and(then: str | ZeroDivisionError) -> None:
    with GatheringSchemaEditor(connections["owner"]) as editor:
        editor.execute(MAKE)
        if isinstance(then, ZeroDivisionError):
            raise then
        editor.execute(then)


@pytest.mark.parametrize("wrong", ["no statement", "SELECT 1 / 0", ZeroDivisionError()])
def test_nothing_remains_of_one_that_fails(wrong: str | ZeroDivisionError) -> None:
    with pytest.raises((DatabaseError, ZeroDivisionError)):
        make_and(wrong)
    assert not exists()


def test_without_a_transaction_nothing_waits() -> None:
    with GatheringSchemaEditor(connections["owner"], atomic=False) as editor:
        editor.execute(MAKE)
        assert exists()
