from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from time_machine import travel

from accounts.models import AuditEntry, Client, Organization
from accounts.tenancy import all_organizations
from success.models import Churn
from tests.factories import ClientFactory

NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
HEADER = "client,churned_on,reason\n"


@pytest.fixture
def acme(client_of_acme: Client, outsider: Organization) -> Organization:
    with all_organizations():
        Client.objects.update(signed_up_at=datetime(2026, 1, 1, tzinfo=UTC))
    return client_of_acme.organization


def imported(folder: Path, content: str | bytes) -> tuple[str, list[str], str]:
    """What was said, the errors, and why it ended in one."""
    file = folder / "churn.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    out, err, failed = StringIO(), StringIO(), ""
    with travel(NOW, tick=False):
        try:
            call_command("import_churn", file, organization="acme", stdout=out, stderr=err)
        except CommandError as error:
            failed = str(error)
    return out.getvalue().strip(), err.getvalue().splitlines(), failed


def marks() -> list[tuple[Any, ...]]:
    with all_organizations():
        rows = Churn.objects.order_by("client__external_id")
        return list(rows.values_list("organization__slug", "client__external_id", "churned_on", "reason"))


def test_rows_become_marks_and_the_same_file_again_changes_nothing(acme: Organization, tmp_path: Path) -> None:
    ClientFactory.create(organization=acme, external_id="user-2", signed_up_at=datetime(2026, 1, 1, tzinfo=UTC))
    content = HEADER + 'user-1,2026-11-01,"Too dear, alas"\nuser-2,2026-10-01,\n'
    assert imported(tmp_path, content) == ("2 new, 0 changed, 0 as before.", [], "")
    stored = [
        ("acme", "user-1", date(2026, 11, 1), "Too dear, alas"),
        ("acme", "user-2", date(2026, 10, 1), ""),
    ]
    assert marks() == stored
    assert imported(tmp_path, content) == ("0 new, 0 changed, 2 as before.", [], "")
    changed = "churned_on;client\n2026-11-02;user-2\n"
    assert imported(tmp_path, changed)[0] == "0 new, 1 changed, 0 as before."
    assert marks() == [stored[0], ("acme", "user-2", date(2026, 11, 2), "")]
    with all_organizations():
        assert AuditEntry.objects.count() == 3


def test_wrong_rows_are_told_by_line_and_the_rest_is_kept(acme: Organization, tmp_path: Path) -> None:
    ClientFactory.create(organization=acme, external_id="user-3", signed_up_at=datetime(2026, 1, 1, tzinfo=UTC))
    said = imported(
        tmp_path,
        HEADER + "nobody,2026-11-01,\nuser-1,yesterday,\nuser-1,2026-11-18,\nuser-3,2025-12-31,\nuser-1\n,2026-11-01,\n"
        "user-1,2026-11-01,\na\0b,2026-11-01,\n",
    )
    assert said == (
        "0 new, 0 changed, 0 as before.",
        [
            "Line 2: client: there is no client “nobody”.",
            "Line 3: churned_on: “yesterday” is no date such as 2026-01-31.",
            "Line 4: That day has not come yet.",
            "Line 5: The client has only been known since 2026-01-01.",
            "Line 6: It has 1 columns, the header has 3.",
            "Line 7: client: it is empty.",
            "Line 8: It is the same client as in line 4.",
            "Line 9: It holds the character NUL.",
        ],
        "8 rows were not imported.",
    )
    assert (
        imported(tmp_path, HEADER + "nobody,2026-11-01,\nuser-1,2026-11-01,\n")[0] == "1 new, 0 changed, 0 as before."
    )


@pytest.mark.parametrize(
    "header",
    [
        *("client,reason\n", "client,churned_on,why\n", "client,client,churned_on\n", ""),
        pytest.param("x" * 140_000, id="one long name"),
    ],
)
def test_a_file_that_is_something_else_is_refused(acme: Organization, tmp_path: Path, header: str) -> None:
    out, errors, failed = imported(tmp_path, header)
    assert (out, errors, failed[:4]) == ("", [], "The ")


def test_another_organizations_client_is_unknown(acme: Organization, outsider: Organization, tmp_path: Path) -> None:
    ClientFactory.create(organization=outsider, external_id="theirs")
    said = imported(tmp_path, HEADER + "theirs,2026-11-01,\nuser-1,2026-11-01,\n")
    assert said[1] == ["Line 2: client: there is no client “theirs”."]
    assert [row[:2] for row in marks()] == [("acme", "user-1")]


def test_a_merged_clients_row_marks_the_one_that_is_left(acme: Organization, tmp_path: Path) -> None:
    with all_organizations():
        left = Client.objects.get(organization=acme)
    ClientFactory.create(organization=acme, external_id="old", merged_into=left)
    imported(tmp_path, HEADER + "old,2026-11-01,\n")
    assert [row[:2] for row in marks()] == [("acme", "user-1")]
