"""An index that is made beside writers, and whose making may be begun again."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connections, models
from django.db.migrations.state import ProjectState

from accounts.gentle_indexes import AddIndexGently

FOUND = "SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = to_regclass('sample_of_title')"
OPERATION = AddIndexGently("milestonedefinition", models.Index(fields=["title"], name="sample_of_title"))


@pytest.fixture(autouse=True)
def _no_index(schema: None) -> Iterator[None]:
    yield
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS sample_of_title")


def add_index() -> None:
    state = ProjectState.from_apps(apps)
    with connections["owner"].schema_editor(atomic=False) as editor:
        OPERATION.database_forwards("success", editor, state, state)


def found() -> tuple[int, bool]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(FOUND)
        oid, is_valid = cursor.fetchone()
    return oid, is_valid


def test_what_an_attempt_left_half_made_is_made_anew() -> None:
    with connections["owner"].cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY sample_of_title ON success_milestonedefinition ((0))")
    half_made, _ = found()
    add_index()
    made, is_valid = found()
    assert (is_valid, made == half_made) == (True, False)


def test_an_index_that_is_there_stays() -> None:
    add_index()
    before = found()
    add_index()
    assert found() == before


def test_it_waits_for_who_wrote_before_it() -> None:
    """Longer than the limit that others' locks have; the limit is in force again afterwards."""
    default = connections["default"].get_connection_params()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET lock_timeout = 20")
    with psycopg.connect(**{name: default[name] for name in ("host", "port", "user", "password", "dbname")}) as writer:
        writer.execute("UPDATE success_milestonedefinition SET title = title")
        end = threading.Timer(0.2, writer.rollback)
        end.start()
        add_index()
        end.join()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert (found()[1], cursor.fetchone()) == (True, ("20ms",))
