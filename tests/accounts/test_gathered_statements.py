"""Statements of a migration wait for its end, and for nobody who asks before."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connections

from accounts.gathered_statements import GatheringSchemaEditor

MAKE = "CREATE TABLE sample_gathered (id integer)"
LOCKS = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'sample_gathered'"


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
