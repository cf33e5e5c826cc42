from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from time_machine import travel

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models import Consent
from emails.models.preferences import Source
from tests.accounts.admin_pages import audited, browser_of
from tests.factories import ClientFactory

NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
HEADER = "client,category,agreed,given_at,frequency,note\n"
PLACE = "/admin/emails/consent/"


@pytest.fixture(autouse=True)
def _now() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def acme(client_of_acme: Client, outsider: Organization) -> Organization:
    return client_of_acme.organization


def imported(folder: Path, content: str | bytes) -> tuple[str, list[str], str]:
    """What was said, the errors, and why it ended in one."""
    file = folder / "consents.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    out, err, failed = StringIO(), StringIO(), ""
    try:
        call_command("import_consents", file, organization="acme", stdout=out, stderr=err)
    except CommandError as error:
        failed = str(error)
    return out.getvalue().strip(), err.getvalue().splitlines(), failed


def words() -> list[tuple[Any, ...]]:
    columns = ("organization__slug", "client__external_id", "category", "is_given", "frequency", "source", "at")
    with all_organizations():
        return list(Consent.objects.order_by("client__external_id", "category").values_list(*columns))


def test_rows_become_words_and_the_same_file_again_changes_nothing(acme: Organization, tmp_path: Path) -> None:
    ClientFactory.create(organization=acme, external_id="user-2")
    content = HEADER + (
        'user-1,weekly,yes,2026-10-01,fortnightly,"Form 7, signed"\n'
        "user-1,feedback,no,2026-10-01T08:30:00Z,,\n"
        "user-2,Weekly,TRUE,2026-10-02T10:00,,\n"
    )
    assert imported(tmp_path, content) == ("3 new, 0 changed, 0 as before.", [], "")
    assert words() == [
        ("acme", "user-1", "feedback", False, "weekly", "import", datetime(2026, 10, 1, 8, 30, tzinfo=UTC)),
        ("acme", "user-1", "weekly", True, "fortnightly", "import", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("acme", "user-2", "weekly", True, "weekly", "import", datetime(2026, 10, 2, 8, tzinfo=UTC)),
    ]
    assert imported(tmp_path, content) == ("0 new, 0 changed, 3 as before.", [], "")
    changed = "given_at;agreed;category;client\n2026-11-01;no;weekly;user-2\n"
    assert imported(tmp_path, changed) == ("0 new, 1 changed, 0 as before.", [], "")
    assert [entry[1] for entry in audited(acme) if entry[0] == "consent.imported"] == [
        {"new": 3, "changed": 0, "same": 0},
        {"new": 0, "changed": 1, "same": 0},
    ]


def test_a_file_overrules_nothing_that_is_newer(acme: Organization, client_of_acme: Client, tmp_path: Path) -> None:
    with organization_scope(acme.pk):
        record_consent(client_of_acme, category=Category.WEEKLY, is_given=False, source=Source.ONE_CLICK, at=NOW)
    assert imported(tmp_path, HEADER + "user-1,weekly,yes,2026-11-16,,\n")[0] == "0 new, 0 changed, 1 as before."
    assert [word[3] for word in words()] == [False]


def test_wrong_rows_are_told_by_line_and_the_rest_is_kept(acme: Organization, tmp_path: Path) -> None:
    rows = (
        "nobody,weekly,yes,2026-11-01,,\n"
        "user-1,newsletter,yes,2026-11-01,,\n"
        "user-1,weekly,perhaps,2026-11-01,,\n"
        "user-1,weekly,yes,,,\n"
        "user-1,weekly,yes,2026-11-18,,\n"
        "user-1,weekly,yes,0001-01-01,,\n"
        "user-1,weekly,yes,9999-12-31T23:59:59-14:00,,\n"
        "user-1,weekly,yes,2026-11-01,daily,\n"
        f"user-1,weekly,yes,2026-11-01,,{'x' * 1001}\n"
        "user-1,weekly\n"
        "user-1,weekly,yes,2026-11-01,,fine\n"
        "user-1,weekly,no,2026-11-02,,\n"
        "a\0b,weekly,yes,2026-11-01,,\n"
    )
    assert imported(tmp_path, HEADER + rows) == (
        "1 new, 0 changed, 0 as before.",
        [
            "Line 2: client: there is no client “nobody”.",
            "Line 3: category: “newsletter” is none of weekly, reminders, feedback.",
            "Line 4: agreed: “perhaps” is neither yes nor no.",
            "Line 5: given_at: “” is no time such as 2026-01-31T14:00.",
            "Line 6: given_at: it has not come yet.",
            "Line 7: given_at: 1 is no year in which anybody was asked.",
            "Line 8: given_at: 9999 is no year in which anybody was asked.",
            "Line 9: frequency: “daily” is none of weekly, fortnightly, monthly.",
            "Line 10: note: it has more than 1000 characters.",
            "Line 11: It has 2 columns, the header has 6.",
            "Line 13: It is the same client and category as in line 12.",
            "Line 14: It holds the character NUL.",
        ],
        "12 rows were not imported.",
    )


@pytest.mark.parametrize("header", ["client,agreed\n", "client,category,agreed\n", HEADER.strip() + ",why\n", ""])
def test_a_file_that_is_something_else_is_refused(acme: Organization, tmp_path: Path, header: str) -> None:
    out, errors, failed = imported(tmp_path, header)
    assert (out, errors, "The " in failed) == ("", [], True)
    assert words() == []


def test_another_organizations_client_is_unknown(acme: Organization, outsider: Organization, tmp_path: Path) -> None:
    ClientFactory.create(organization=outsider, external_id="theirs")
    assert imported(tmp_path, HEADER + "theirs,weekly,yes,2026-11-01,,\n")[2] == "1 rows were not imported."
    assert words() == []


def test_a_file_takes_as_many_statements_whatever_its_length(
    acme: Organization, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    ids = [client.external_id for client in ClientFactory.create_batch(40, organization=acme)]
    for many in (ids[:1], ids):
        with django_assert_num_queries(17):
            imported(tmp_path, HEADER + "".join(f"{external_id},feedback,yes,2026-11-01,,\n" for external_id in many))


def upload(browser: Browser, content: str) -> Any:
    cache.clear()
    file = SimpleUploadedFile("consents.csv", content.encode(), content_type="text/csv")
    return browser.post(f"{PLACE}import/", {"import_file": file, "format": "0", "resource": "0"})


def test_a_file_is_shown_before_it_is_imported(acme: Organization) -> None:
    staff = browser_of(acme, Membership.Role.STAFF)
    assert HEADER.strip().replace(",", ", ") in staff.get(f"{PLACE}import/").content.decode()
    preview = upload(staff, HEADER + "user-1,weekly,yes,2026-11-01,,Form 7\n")
    assert [(row.import_type, row.diff) for row in preview.context["result"].rows] == [
        ("new", ["user-1", "weekly", "yes", "2026-11-01 00:00+01:00", "", "Form 7"])
    ]
    assert words() == []
    initial = preview.context["confirm_form"].initial
    staff.post(f"{PLACE}process_import/", {name: value for name, value in initial.items() if value is not None})
    assert [word[1:4] for word in words()] == [("user-1", "weekly", True)]
    assert audited(acme)[-1] == ("consent.imported", {"new": 1, "update": 0, "skip": 0})
    with all_organizations():
        assert Consent.objects.get().actor is not None


def test_a_file_with_a_wrong_row_is_not_imported(acme: Organization) -> None:
    staff = browser_of(acme, Membership.Role.STAFF)
    preview = upload(staff, HEADER + "user-1,weekly,yes,2026-11-01,,\nuser-1,weekly,maybe,2026-11-01,,\n")
    assert preview.context["result"].has_validation_errors()
    assert "neither yes nor no" in preview.content.decode()
    assert words() == []
