import csv
import gzip
import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.models import DailyActivity, Event, EventName, ImportFile

TABLE = """clientId,name,occurredAt,durationSeconds,success,data,plan,seats
user-1,login,2026-03-01T10:00:00Z,1.5,yes,,pro,007
user-2,Project Exported,2026-03-02 10:00:00,,no,"{""pages"": 3}",,12
"""


@pytest.fixture(autouse=True)
def _two_organizations(organization: Organization, outsider: Organization) -> None:
    pass


def run(path: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("import_events", str(path), "--organization", "acme", *arguments, stdout=out)
    return out.getvalue().strip().splitlines()[-1]


def written(tmp_path: Path, content: str | bytes, name: str = "events.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def stored(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Event.objects.order_by("occurred_at", "id").values_list(*fields))


def rejected(tmp_path: Path, path: Path, *arguments: str) -> list[tuple[str, str]]:
    report = tmp_path / "rejected.csv"
    run(path, "--report", str(report), *arguments)
    with report.open(newline="") as file:
        return [(row["row"], row["code"]) for row in csv.DictReader(file)]


def test_a_table_becomes_events(tmp_path: Path, organization: Organization) -> None:
    assert run(written(tmp_path, TABLE)) == "2 rows: 2 accepted, 0 duplicate, 0 quarantined, 0 rejected."
    digest = hashlib.sha256(TABLE.encode()).hexdigest()[:40]
    common = ("organization_id", "client__external_id", "name", "occurred_at", "duration_seconds", "success", "data")
    assert stored(*common, "message_id") == [
        (
            organization.pk,
            "user-1",
            "login",
            datetime(2026, 3, 1, 10, tzinfo=UTC),
            1.5,
            True,
            {"plan": "pro", "seats": "007"},
            f"import-{digest}-1",
        ),
        (
            organization.pk,
            "user-2",
            "Project Exported",
            # Without an offset it is a time of the organization, which is in Berlin.
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            None,
            False,
            {"pages": 3, "seats": 12},
            f"import-{digest}-2",
        ),
    ]


def test_a_finished_file_is_not_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    assert run(path) == run(path) == "2 rows: 2 accepted, 0 duplicate, 0 quarantined, 0 rejected."
    assert run(path, "--again") == "2 rows: 0 accepted, 2 duplicate, 0 quarantined, 0 rejected."
    assert len(stored("id")) == 2


def test_the_same_content_under_another_name_is_the_same_file(tmp_path: Path) -> None:
    run(written(tmp_path, TABLE))
    run(written(tmp_path, gzip.compress(TABLE.encode()), "other.csv.gz"))
    assert len(stored("id")) == 2
    with all_organizations():
        assert ImportFile.objects.count() == 1


def test_the_same_content_read_otherwise_doubles_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    run(path, "--map", "plan=")
    assert run(path) == "2 rows: 0 accepted, 2 duplicate, 0 quarantined, 0 rejected."


def test_columns_get_their_meaning(tmp_path: Path) -> None:
    content = " customer_id  date cds\r\n 00001 19970101  2\r\n\r\n 00002 19980630  1\r\n"
    run(
        written(tmp_path, content, "log.txt"),
        *("--format", "whitespace", "--map", "customer_id=clientId", "--map", "date=occurredAt"),
        *("--map", "cds=quantity", "--date-format", "%Y%m%d", "--timezone", "America/New_York", "--name", "Purchase"),
    )
    assert stored("client__external_id", "name", "occurred_at", "data") == [
        ("00001", "Purchase", datetime(1997, 1, 1, 5, tzinfo=UTC), {"quantity": 2}),
        ("00002", "Purchase", datetime(1998, 6, 30, 4, tzinfo=UTC), {"quantity": 1}),
    ]


def test_a_table_without_a_header(tmp_path: Path) -> None:
    content = "user-1;2026-03-01;login\n"
    run(written(tmp_path, content), "--delimiter", ";", "--columns", "clientId,occurredAt,name")
    assert stored("client__external_id", "name") == [("user-1", "login")]


def test_names_are_mapped_on_the_way(tmp_path: Path) -> None:
    run(written(tmp_path, TABLE), "--event-name-map", "Project Exported=export_downloaded")
    with all_organizations():
        assert list(EventName.objects.values_list("organization__slug", "name", "base_type")) == [
            ("acme", "Project Exported", "export_downloaded")
        ]
        assert sorted(DailyActivity.objects.values_list("login", "export_downloaded")) == [(0, 1), (1, 0)]


def test_lines_of_json_in_both_shapes(tmp_path: Path) -> None:
    lines = [
        {"clientId": "user-1", "name": "login", "occurredAt": "2026-03-01T10:00:00Z", "messageId": "own"},
        {
            "type": "track",
            "userId": 7,
            "event": "time_logged",
            "timestamp": "2026-03-02T10:00:00Z",
            "originalTimestamp": "2026-03-02T11:00:00Z",
            "sentAt": "2026-03-02T11:00:01Z",
        },
    ]
    run(written(tmp_path, "\ufeff" + "\n\n".join(map(json.dumps, lines)), "events.ndjson"))
    digest = hashlib.sha256((tmp_path / "events.ndjson").read_bytes()).hexdigest()[:40]
    assert stored("client__external_id", "name", "occurred_at", "message_id") == [
        ("user-1", "login", datetime(2026, 3, 1, 10, tzinfo=UTC), "own"),
        ("7", "time_logged", datetime(2026, 3, 2, 10, tzinfo=UTC), f"import-{digest}-2"),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"user-1,login", "ragged"),
        (b"user-1,login,2026-03-01,more", "ragged"),
        (b"user-1,log\0in,2026-03-01", "invalid_text"),
        (b"user-1,log\xffin,2026-03-01", "invalid_text"),
        (b'user-1,"login"x,2026-03-01', "malformed"),
        (b"user-1," + b"x" * 40_000 + b",2026-03-01", "too_large"),
        (b"user-1," + "é".encode() * 20_000 + b",2026-03-01", "too_large"),
        (b"user-1," + b"x" * 300 + b",2026-03-01", "name_too_long"),
        (b"," + b"login,2026-03-01", "client_missing"),
        (b"user-1,,2026-03-01", "name_missing"),
        (b"user-1,login,", "time_missing"),
        (b"user-1,login,yesterday", "time_unreadable"),
        (b"user-1,login,0000-00-00", "time_unreadable"),
        (b"user-1,login,99999999999999999999", "time_unreadable"),
    ],
)
def test_a_wrong_row_of_a_table_is_told_and_the_rest_is_kept(tmp_path: Path, row: bytes, code: str) -> None:
    good = b"user-1,login,2026-03-01"
    path = written(tmp_path, b"\n".join([b"clientId,name,occurredAt", good, row, good]))
    assert rejected(tmp_path, path) == [("2", code)]
    assert len(stored("id")) == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "invalid_json"),
        (b"[1]", "not_an_object"),
        (b"3", "not_an_object"),
        (b"{}{}", "invalid_json"),
        (b'{"name": "\\u0000"}', "invalid_text"),
        (b'{"name": "\xff"}', "invalid_text"),
        (b'{"name": NaN}', "not_a_number"),
        (b"[" * 100_000, "too_large"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "too_deep"),
        (b'{"clientId": "user-1", "name": "login"}', "time_missing"),
        (b'{"clientId": "user-1", "name": "login", "occurredAt": true}', "time_unreadable"),
        (b'{"name": "login", "occurredAt": 1}', "client_missing"),
        (b'{"type": "track", "userId": "u", "timestamp": 1}', "name_missing"),
    ],
)
def test_a_wrong_line_of_json_is_told_and_the_rest_is_kept(tmp_path: Path, line: bytes, code: str) -> None:
    good = b'{"clientId": "user-1", "name": "login", "occurredAt": "2026-03-01"}'
    assert rejected(tmp_path, written(tmp_path, b"\n".join([good, line, good]), "e.ndjson")) == [("2", code)]
    assert len(stored("id")) == 2


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("durationSeconds", "long", "duration_invalid"),
        ("durationSeconds", "nan", "duration_invalid"),
        ("success", "maybe", "success_invalid"),
        ("data", "[1]", "not_an_object"),
        ("data", "{", "data_invalid"),
        ("messageId", "x" * 129, "message_id_too_long"),
    ],
)
def test_a_wrong_field_is_told(tmp_path: Path, column: str, value: str, code: str) -> None:
    path = written(tmp_path, f"clientId,name,occurredAt,{column}\nuser-1,login,2026-03-01,{value}\n")
    assert rejected(tmp_path, path) == [("1", code)]


def test_a_time_in_the_future_is_quarantined(tmp_path: Path) -> None:
    path = written(tmp_path, "clientId,name,occurredAt\nuser-1,login,2999-01-01\n")
    assert run(path) == "1 rows: 0 accepted, 0 duplicate, 1 quarantined, 0 rejected."


@pytest.mark.parametrize("text", ["1772359200", "1772359200000", "2026-03-01T10:00:00Z", "2026-03-01 11:00"])
def test_times_as_files_write_them(tmp_path: Path, text: str) -> None:
    run(written(tmp_path, f"clientId,name,occurredAt\nuser-1,login,{text}\n"))
    assert stored("occurred_at") == [(datetime(2026, 3, 1, 10, tzinfo=UTC),)]


def test_other_encodings_are_read(tmp_path: Path) -> None:
    table = "clientId,name,occurredAt\nuser-1,Prüfung,2026-03-01\n"
    run(written(tmp_path, table.encode("cp1252")), "--encoding", "cp1252")
    run(written(tmp_path, table.encode("utf-16"), "wide.csv"), "--encoding", "utf-16")
    assert stored("name") == [("Prüfung",), ("Prüfung",)]


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"", [], "empty"),
        (b"a,b\n1,2\n", [], "No column says whom it is about"),
        (b"clientId,name\nu,n\n", [], "No column says when"),
        (b"clientId,date\nu,n\n", ["--map", "date=occurredAt"], "No column says what"),
        (b"clientId,a,a\nu,n,n\n", [], "same name"),
        (b"clientId,userId,name,date\nu,n,n,n\n", [], "same field"),
        (TABLE.encode(), ["--map", "when=occurredAt"], "no column when"),
        (TABLE.encode(), ["--map", "occurredAt"], "NAME=VALUE"),
        (TABLE.encode(), ["--timezone", "Mars/Olympus"], "no timezone"),
        (TABLE.encode(), ["--encoding", "klingon"], "no encoding klingon"),
        (TABLE.encode(), ["--batch-size", "0"], "from 1 to"),
        (TABLE.encode(), ["--event-name-map", "login=page_view"], "meaning is fixed"),
        (gzip.compress(TABLE.encode())[:-12], [], "cannot be read to its end"),
        (TABLE.encode() + b"\0", ["--encoding", "utf-16"], "cannot be read as utf-16"),
        (b"\x1f\x8bnonsense", [], "cannot be read to its end"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, content: bytes, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(written(tmp_path, content), *arguments)
    assert stored("id") == []


def test_an_unknown_file_format_or_organization_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="say --format"):
        run(written(tmp_path, TABLE, "events"))
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "missing.csv")
    with pytest.raises(CommandError, match="no organization nowhere"):
        call_command("import_events", str(written(tmp_path, TABLE)), "--organization", "nowhere")


def test_the_report_runs_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    report = tmp_path / "rejected.csv"
    path = written(tmp_path, "=cmd()|x,name,occurredAt\nu,n\n")
    run(path, "--map", "=cmd()|x=clientId", "--report", str(report))
    assert "\n=" not in report.read_text()
    assert "," + "=" not in report.read_text()


def test_the_outsider_gets_nothing(tmp_path: Path, outsider: Organization) -> None:
    run(written(tmp_path, TABLE))
    with organization_scope(outsider.pk):
        assert not Event.objects.exists()
        assert not ImportFile.objects.exists()
        assert Client.objects.count() == 1


def test_the_planner_is_told_of_the_rows(tmp_path: Path) -> None:
    rows = "".join(f"user-{number},login,2026-03-01\n" for number in range(40))
    run(written(tmp_path, f"clientId,name,occurredAt\n{rows}"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'accounts_client'")
        assert cursor.fetchone()[0] >= 40
