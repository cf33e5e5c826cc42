"""The command that changes the schema beside others who use it."""

import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from psycopg import Connection
from pytest_django import Settings

from accounts.management.commands import migrate

COLUMN = """
    SELECT count(*) FROM information_schema.columns
    WHERE table_name = 'accounts_organization' AND column_name = 'sample'
"""


@pytest.fixture
def _sample_migrations(schema: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An application without tables lends its name to them."""
    settings.MIGRATION_MODULES = {"humanize": "tests.accounts.sample.migrations"}
    monkeypatch.setattr(migrate, "LOCK_MILLISECONDS", 20)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0)
    yield
    call_command("migrate", "humanize", "zero", verbosity=0)


@pytest.fixture
def reader(schema: None) -> Iterator[Connection[Any]]:
    """Somebody who read the table, in a transaction that does not end."""
    default = connections["default"].get_connection_params()
    with psycopg.connect(**{name: default[name] for name in ("host", "port", "user", "password", "dbname")}) as other:
        other.execute("SELECT FROM accounts_organization")
        yield other


def is_there() -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute(COLUMN)
        return bool(cursor.fetchone()[0])


@pytest.mark.usefixtures("_sample_migrations")
def test_a_migration_is_begun_again_until_its_locks_are_free(reader: Connection[Any]) -> None:
    class Told(StringIO):
        def write(self, text: str) -> int:
            if "begun again" in text:
                reader.rollback()
            return super().write(text)

    told = Told()
    call_command("migrate", "humanize", "0001", verbosity=0, stdout=told)
    assert is_there()
    assert told.getvalue() == "Somebody else holds what a migration needs: it is undone and begun again.\n"


@pytest.mark.usefixtures("_sample_migrations")
def test_patience_ends_and_nothing_is_half_done(reader: Connection[Any]) -> None:
    with pytest.raises(CommandError, match=r"docs/upgrading\.md"):
        call_command("migrate", "humanize", "0001", verbosity=0, patience=0)
    assert not is_there()


@pytest.mark.usefixtures("_sample_migrations")
def test_each_migration_is_tried_for_as_long(reader: Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """That the one before took long is nobody's fault."""
    monkeypatch.setitem(connections["owner"].settings_dict["OPTIONS"], "options", "-c sample.error=deadlock_detected")
    connections["owner"].close()

    class Told(StringIO):
        times = 0

        def write(self, text: str) -> int:
            Told.times += 1
            reader.rollback()
            if Told.times == 1:
                time.sleep(0.3)
            return super().write(text)

    with pytest.raises(CommandError):
        call_command("migrate", "humanize", verbosity=0, patience=0.2, stdout=Told())
    assert is_there()
    assert Told.times > 1


@pytest.mark.usefixtures("_sample_migrations")
@pytest.mark.parametrize(("error", "told"), [("deadlock_detected", CommandError), ("query_canceled", OperationalError)])
def test_only_what_others_hold_is_waited_for(
    error: str, told: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections["owner"].settings_dict["OPTIONS"], "options", f"-c sample.error={error}")
    connections["owner"].close()
    with pytest.raises(told):
        call_command("migrate", "humanize", verbosity=0, patience=0)
