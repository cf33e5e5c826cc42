"""The database of a test run: made and migrated by the owner, used by the role that serves.

Every worker gets a copy of one template, so that the migrations run once.
"""

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import errors, sql

# Read before `_use` changes it: the connections share this dictionary.
MAINTENANCE_DATABASE = settings.DATABASES["owner"]["NAME"]


def create_database(worker: str) -> None:
    """Point both aliases at a fresh, migrated database of this worker."""
    name = _name(worker)
    make_template()
    with _one_at_a_time(), owner_connection() as connection:
        _recreate(connection, name, template=_template())
    _use(name)


def make_template() -> None:
    """Once: whoever comes later waits for it. Leaves the aliases pointing at what is a database no longer."""
    with _one_at_a_time(), owner_connection() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_template()]).fetchone():
            return
        making = f"{_template()}_making"
        _recreate(connection, making)
        _use(making)
        call_command("migrate", verbosity=0)
        connections.close_all()
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(_template()))
        )


def drop_database(worker: str) -> None:
    connections.close_all()
    with owner_connection() as connection:
        _drop(connection, _name(worker))


def owner_connection(name: str = MAINTENANCE_DATABASE) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of its own to one of the databases: it is neither a test's nor closed with theirs."""
    owner = settings.DATABASES["owner"]
    return psycopg.connect(
        host=owner["HOST"],
        port=owner["PORT"] or None,
        user=owner["USER"],
        password=owner["PASSWORD"],
        dbname=name,
        autocommit=True,
    )


def wait_for_a_waiter() -> None:
    """Until another transaction waits for what one has changed: for tests of two that meet."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("Nobody waits.")


def _template() -> str:
    """Named after its owner and the migrations: a server that outlives the run never serves an old schema."""
    digest = hashlib.sha256(str(settings.DATABASES["owner"]["USER"]).encode())
    for path in sorted(Path(settings.BASE_DIR).glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    for name in ("accounts/isolation.py", "accounts/tenancy.py"):
        digest.update((Path(settings.BASE_DIR) / name).read_bytes())
    return f"mainstay_template_{digest.hexdigest()[:12]}"


def _name(worker: str) -> str:
    return f"mainstay_test_{worker}_{os.environ.get('PYTEST_XDIST_TESTRUNUID', str(os.getpid()))[:8]}"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with Path(tempfile.gettempdir(), f"mainstay-tests-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _recreate(connection: psycopg.Connection[tuple[Any, ...]], name: str, template: str = "template1") -> None:
    _drop(connection, name)
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def _drop(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    """A plain DROP sends autovacuum away by itself; FORCE is refused while it is there, as it is a superuser's."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(drop)
    except errors.ObjectInUse:
        connection.execute(drop + sql.SQL(" WITH (FORCE)"))


def _use(name: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
