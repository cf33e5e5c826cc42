"""An index that is made beside writers, and whose making may be begun again."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connections, models
from django.db.migrations.state import ProjectState

from accounts.gentle_indexes import AddIndexGently
from tests.factories import OrganizationFactory

FOUND = "SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = to_regclass('sample_of_name')"
OPERATION = AddIndexGently("organization", models.Index(fields=["name"], name="sample_of_name"))


@pytest.fixture(autouse=True)
def _no_index(committed_db: None) -> Iterator[None]:
    yield
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS sample_of_name")


def add_index() -> None:
    state = ProjectState.from_apps(apps)
    with connections["owner"].schema_editor(atomic=False) as editor:
        OPERATION.database_forwards("accounts", editor, state, state)


def found() -> tuple[int, bool]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(FOUND)
        oid, is_valid = cursor.fetchone()
    return oid, is_valid


def test_what_an_attempt_left_half_made_is_made_anew() -> None:
    OrganizationFactory.create_batch(2)
    with connections["owner"].cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY sample_of_name ON accounts_organization ((0))")
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
        writer.execute("UPDATE accounts_organization SET name = name")
        end = threading.Timer(0.2, writer.rollback)
        end.start()
        add_index()
        end.join()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert (found()[1], cursor.fetchone()) == (True, ("20ms",))
