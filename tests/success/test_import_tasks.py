import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from time_machine import travel

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Task
from success.spreadsheets import plain_cell, safe_cell
from telemetry.models import Event
from tests.factories import ClientFactory

NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
HEADER = "client,external_id,title,status,onboarding,due_on,completed_at\n"
FIELDS = ("client__external_id", "external_id", "title", "status", "is_onboarding", "due_on", "completed_at")


def imported(path: Path, content: str | bytes, **options: Any) -> tuple[str, list[str], str]:
    """What was said, the errors, and why it ended in one."""
    path = path / "tasks.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    out, err, failed = StringIO(), StringIO(), ""
    with travel(NOW, tick=False):
        try:
            call_command("import_tasks", path, organization="acme", stdout=out, stderr=err, **options)
        except CommandError as error:
            failed = str(error)
    return out.getvalue().strip(), err.getvalue().splitlines(), failed


def tasks(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Task.objects.order_by("id").values_list(*(fields or FIELDS)))


@pytest.fixture
def acme(client_of_acme: Client, outsider: Organization) -> Client:
    return client_of_acme


def test_rows_become_tasks(acme: Client, tmp_path: Path) -> None:
    said = imported(
        tmp_path,
        HEADER
        + "user-1,t1,Set up,done,yes,2026-11-01,2026-11-02T10:00\n"
        + 'user-1,,"Read, then\nsign",In progress,,,\n'
        + "user-1,t3,🚀 launch,,no,,\n",
    )
    assert said == ("3 new, 0 changed, 0 as before.", [], "")
    ten_in_berlin = datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert tasks() == [
        ("user-1", "t1", "Set up", "done", True, date(2026, 11, 1), ten_in_berlin),
        ("user-1", "", "Read, then\nsign", "in_progress", False, None, None),
        ("user-1", "t3", "🚀 launch", "todo", False, None, None),
    ]
    assert tasks("created_at", "updated_at") == [(ten_in_berlin, NOW), (NOW, NOW), (NOW, NOW)]
    assert set(tasks("organization")) == {(acme.organization_id,)}
    with all_organizations():
        assert not Event.objects.exists()


def test_the_same_file_again_changes_nothing(acme: Client, tmp_path: Path) -> None:
    content = HEADER + "user-1,t1,Set up,done,yes,,\nuser-1,,Sign,in_progress,,2026-12-01,\n"
    imported(tmp_path, content)
    before = tasks("id", *FIELDS, "updated_at", "created_at")
    with travel(NOW + timedelta(days=1), tick=False):
        assert imported(tmp_path, content)[0] == "0 new, 0 changed, 2 as before."
    assert tasks("id", *FIELDS, "updated_at", "created_at") == before


def test_a_changed_row_changes_its_task_and_leaves_what_it_does_not_say(acme: Client, tmp_path: Path) -> None:
    imported(tmp_path, HEADER + "user-1,t1,Set up,in_progress,yes,2026-12-01,\nuser-1,,Sign,todo,yes,2026-12-02,\n")
    said = imported(tmp_path, "title;client;external_id;status\nSet it up;user-1;t1;done\nSign;user-1;;\n")
    assert said == ("0 new, 1 changed, 1 as before.", [], "")
    assert tasks() == [
        ("user-1", "t1", "Set it up", "done", True, date(2026, 12, 1), NOW),
        ("user-1", "", "Sign", "todo", True, date(2026, 12, 2), None),
    ]
    imported(tmp_path, "client\texternal_id\ttitle\tdue_on\tstatus\nuser-1\tt1\tSet it up\t\ttodo\n")
    assert tasks()[0] == ("user-1", "t1", "Set it up", "todo", True, None, None)


def test_rows_that_cannot_be_are_told_by_their_line_and_the_others_are_taken(acme: Client, tmp_path: Path) -> None:
    rows = [
        "nobody,,x,,,,", "user-1,,,,,,", ",,x,,,,", "user-1,,x,open,,,", "user-1,,x,,maybe,,", "user-1,,x,,,31.1.,",
        "user-1,,x,,,,soon", "user-1,,x,todo,,,2026-01-01", "user-1,,x,,,,2026-11-18", "user-1,,x,,,,0001-01-01",
        "user-1,,x", f"user-1,,{'x' * 256},,,,", f"user-1,{'x' * 256},x,,,,", "user-1,,a\0b,,,,", 'user-1,,"a"b,,,,',
        "user-1,t1,Set up,,,,", "", "user-1,t1,Again,,,,",
    ]  # fmt: skip
    said = imported(tmp_path, (HEADER + "\n".join(rows)).encode() + b"\nuser-1,,\xff,,,,\nuser-1,t2,two\nlines,,,,\n")
    assert said[1] == [
        "Line 2: client: there is no client “nobody”.",
        "Line 3: title: A task needs a title.",
        "Line 4: client: it is empty.",
        "Line 5: status: “open” is none of todo, in_progress, done.",
        "Line 6: onboarding: “maybe” is neither yes nor no.",
        "Line 7: due_on: “31.1.” is no date such as 2026-01-31.",
        "Line 8: completed_at: “soon” is no time such as 2026-01-31T14:00.",
        "Line 9: completed_at: only a task with the status done has it.",
        "Line 10: completed_at: it has not come yet.",
        "Line 11: completed_at: too long ago.",
        "Line 12: It has 3 columns, the header has 7.",
        "Line 13: title: A title has 255 characters at most.",
        "Line 14: external_id: it has more than 255 characters.",
        "Line 15: It holds the character NUL.",
        "Line 16: It cannot be read: ',' expected after '\"'.",
        "Line 19: It is the same task as in line 17.",
        "Line 20: It is not written in UTF-8.",
        "Line 21: It has 3 columns, the header has 7.",
        "Line 22: It has 5 columns, the header has 7.",
    ]
    assert (said[0], said[2]) == ("1 new, 0 changed, 0 as before.", "19 rows were not imported.")
    assert tasks("title") == [("Set up",)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "The first line has to name the columns client, title; missing: client."),
        ("client,name\n", "The first line has to name the columns client, title; missing: title."),
        (
            "client,title,colour\n",
            (
                "There is no column “colour”. Those known are client, external_id, title, status,"
                " onboarding, due_on, completed_at."
            ),
        ),
        ("client,title,title\n", "A column is there twice."),
        pytest.param(
            "x" * 140_000, "The first line cannot be read: field larger than field limit (131072).", id="one long name"
        ),
    ],
)
def test_a_file_that_is_something_else_is_refused(acme: Client, tmp_path: Path, content: str, problem: str) -> None:
    assert imported(tmp_path, content) == ("", [], problem)


def test_a_dry_run_says_and_stores_nothing(acme: Client, tmp_path: Path) -> None:
    said = imported(tmp_path, HEADER + "user-1,t1,Set up,,,,\n", dry_run=True)
    assert said == ("Nothing was stored. It would be: 1 new, 0 changed, 0 as before.", [], "")
    assert tasks() == []


def test_another_organizations_client_is_unknown(acme: Client, outsider: Organization, tmp_path: Path) -> None:
    ClientFactory.create(organization=outsider, external_id="theirs")
    said = imported(tmp_path, HEADER + "theirs,t1,Set up,,,,\nuser-1,t1,Set up,,,,\n")
    assert said[1] == ["Line 2: client: there is no client “theirs”."]
    assert tasks("organization") == [(acme.organization_id,)]


def test_a_merged_clients_rows_are_those_of_the_one_that_is_left(acme: Client, tmp_path: Path) -> None:
    ClientFactory.create(organization=acme.organization, external_id="old", merged_into=acme)
    said = imported(tmp_path, HEADER + "user-1,t1,Set up,,,,\nold,t1,Set up,,,,\nold,t2,Sign,,,,\n")
    assert said[1] == ["Line 3: It is the same task as in line 2."]
    assert tasks("client", "external_id") == [(acme.pk, "t1"), (acme.pk, "t2")]


def test_ten_thousand_rows_over_several_batches_take_a_few_statements(
    acme: Client, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    rows = "".join(f"user-1,{n % 10_001 or ''},Task {n},,,,\n" for n in range(1, 10_003))
    with django_assert_max_num_queries(30):
        said = imported(tmp_path, gzip.compress((HEADER + rows).encode()))
    assert said == (
        "10001 new, 0 changed, 0 as before.",
        ["Line 10003: It is the same task as in line 2."],
        "1 rows were not imported.",
    )
    assert len(tasks("id")) == 10_001


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49 30", "-2", "@home", "\tx", "'=1", "''+", "plain", "'quoted'", "it's", ""]
)
def test_a_cell_that_would_run_is_made_text_and_comes_back(cell: str) -> None:
    safe = safe_cell(cell)
    assert safe[:1] not in tuple("=+-@\t\r\n") or safe == ""
    assert plain_cell(safe) == cell


def test_formulas_come_back_as_they_were(acme: Client, tmp_path: Path) -> None:
    imported(tmp_path, HEADER + "user-1,'=1,'=cmd|' /C calc'!A0,,,,\n")
    assert tasks("external_id", "title") == [("=1", "=cmd|' /C calc'!A0")]


def test_two_imports_at_once_do_not_double_tasks_without_an_id(committed_db: None, tmp_path: Path) -> None:
    ClientFactory.create(organization__slug="acme", external_id="user-1")
    file = tmp_path / "tasks.csv"
    file.write_text("client,title\n" + "".join(f"user-1,Task {n}\n" for n in range(300)))

    def import_it(_: int) -> None:
        call_command("import_tasks", file, organization="acme", stdout=StringIO())
        connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(import_it, range(3)))
    assert len(tasks("id")) == 300
