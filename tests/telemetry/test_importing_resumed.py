"""An import that is killed in the middle goes on where it was."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.models import DailyActivity, Event, ImportFile
from telemetry.rebuilding import activity_differences
from tests.factories import OrganizationFactory

ROWS = 6_000
BAD_EVERY = 100


def table(path: Path) -> Path:
    lines = ["clientId,name,occurredAt"]
    for number in range(1, ROWS + 1):
        when = "never" if number % BAD_EVERY == 0 else f"2026-03-{number % 28 + 1:02}T10:00:00Z"
        lines.append(f"user-{number % 50},task_completed,{when}")
    path.write_text("\n".join(lines))
    return path


def database_url() -> str:
    database = connection.settings_dict
    return f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def start(path: Path, report: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            *(sys.executable, "manage.py", "import_events", str(path), "--organization", "acme"),
            *("--batch-size", "50", "--report", str(report)),
        ],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def rows_done() -> int:
    with all_organizations():
        return ImportFile.objects.values_list("rows_done", flat=True).first() or 0


def kill_after(process: "subprocess.Popen[bytes]", rows: int) -> None:
    while rows_done() < rows:
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_killed_twice_it_loses_and_doubles_nothing(committed_db: None, tmp_path: Path) -> None:
    organization: Organization = OrganizationFactory.create(slug="acme")
    path, report = table(tmp_path / "events.csv"), tmp_path / "rejected.csv"
    for rows in (300, 2_000):
        kill_after(start(path, report), rows)
        assert rows <= rows_done() < ROWS
    call_command("import_events", str(path), "--organization", "acme", "--report", str(report), verbosity=0)
    bad = ROWS // BAD_EVERY
    with organization_scope(organization.pk):
        file = ImportFile.objects.get()
        assert (file.rows_done, file.accepted, file.duplicate, file.rejected) == (ROWS, ROWS - bad, 0, bad)
        assert file.finished_at
        assert Event.objects.count() == ROWS - bad
        assert sum(DailyActivity.objects.values_list("task_completed", flat=True)) == ROWS - bad
        assert activity_differences(organization.pk) == []
    with report.open(newline="") as lines:
        assert [int(row["row"]) for row in csv.DictReader(lines)] == list(range(BAD_EVERY, ROWS + 1, BAD_EVERY))
