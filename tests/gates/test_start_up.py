"""What an installation refuses to start with."""

import json
import os
import subprocess
import sys
from typing import Any, Self

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from accounts import serving_role

SOUND = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "CRON_SECRET": "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "mainstay.example.com",
    "BASE_URL": "https://mainstay.example.com",
    "DATABASE_URL": "postgres://serving:secret@127.0.0.1:1/mainstay",
    "DATABASE_OWNER_URL": "postgres://owner:secret@127.0.0.1:1/mainstay",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PATH": os.environ["PATH"],
}


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_production_settings_pass_the_deployment_check() -> None:
    checked = manage(SOUND, "check", "--deploy", "--fail-level", "WARNING")
    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n")


WRONG = [
    ("SECRET_KEY", None),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "a" * 64),
    ("DATABASE_URL", None),
    ("DATABASE_URL", "sqlite:///db.sqlite3"),
    ("DATABASE_OWNER_URL", None),
    ("ALLOWED_HOSTS", None),
    ("ALLOWED_HOSTS", "*"),
    ("BASE_URL", "http://mainstay.example.com"),
    ("CRON_SECRET", "short"),
    ("REDIS_URL", "http://127.0.0.1"),
]
# Reads the settings anew in a process of its own for each environment; what they load of others is there already.
READ_SETTINGS = """
import json, os, sys
import django_stubs_ext, environ, structlog, django.http
from django.core.exceptions import ImproperlyConfigured
def outcome(environment):
    os.environ.clear()
    os.environ.update(environment)
    try:
        import config.settings.production
    except ImproperlyConfigured:
        return 3
    return 0
for environment in json.load(sys.stdin):
    assert not any(name.partition(".")[0] == "config" for name in sys.modules)
    child = os.fork()
    if not child:
        os._exit(outcome(environment))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
REFUSED = 3


@pytest.mark.slow
def test_production_refuses_to_start_without_what_it_needs() -> None:
    environments = [SOUND] + [
        {key: each for key, each in SOUND.items() if key != name} | ({name: value} if value else {})
        for name, value in WRONG
    ]
    # Settings are read before anything else, so this is quicker than a command that loads the apps.
    read = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS],
        input=json.dumps(environments),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    told = list(map(int, read.stdout.split()))
    assert list(zip([("SOUND", None), *WRONG], told, strict=True)) == [
        (("SOUND", None), 0),
        *((wrong, REFUSED) for wrong in WRONG),
    ]


class Role:
    """A connection whose role has these privileges: no test server lets us make a superuser."""

    alias = "default"
    settings_dict = {"NAME": "of a role"}

    def __init__(self, *privileges: bool) -> None:
        self.privileges = privileges
        self.is_closed = False

    def cursor(self) -> "Role":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None: ...

    def execute(self, query: str) -> None: ...

    def fetchone(self) -> tuple[bool, ...]:
        return self.privileges

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("privileges", "reason"),
    [((True, False, False), "is a superuser"), ((False, True, False), "BYPASSRLS")],
)
def test_a_role_that_passes_row_level_security_by_is_refused(privileges: tuple[bool, ...], reason: str) -> None:
    role: Any = Role(*privileges)
    with pytest.raises(ImproperlyConfigured, match=reason):
        serving_role.refuse_privileged_role(connection=role)
    assert role.is_closed


def test_serving_as_the_owner_of_the_tables_is_refused(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_role, "_checked", set())
    as_owner = DatabaseWrapper(connections["owner"].settings_dict, alias="default")
    with pytest.raises(ImproperlyConfigured, match="owns tables"):
        as_owner.ensure_connection()
    assert as_owner.connection is None


def test_the_role_of_the_tests_is_one_that_may_serve(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_role, "_checked", set())
    serving_role.refuse_privileged_role(connection=connections["default"])
    assert serving_role._checked == {connections["default"].settings_dict["NAME"]}


def test_the_migrations_say_what_the_models_say() -> None:
    loader = MigrationLoader(None)
    differences = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    assert differences.changes(graph=loader.graph) == {}
