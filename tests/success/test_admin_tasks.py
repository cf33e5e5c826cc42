from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from time_machine import travel

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations
from success.models import Task
from tests.accounts.admin_pages import audited, browser_of, operators_browser
from tests.factories import ClientFactory
from tests.success.test_client_tasks import add_task, foreign_client

PLACE = "/admin/success/task/"
NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
CSV = "client,title,status\nuser-1,Set up,done\nuser-1,Sign,\n"


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def staff(organization: Organization, outsider: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def upload(browser: Browser, content: str | bytes, **fields: Any) -> Any:
    file = SimpleUploadedFile("tasks.csv", content if isinstance(content, bytes) else content.encode())
    return browser.post(f"{PLACE}import/", {"import_file": file, "format": "0", "resource": "0"} | fields)


def confirm(browser: Browser, response: Any, **fields: Any) -> Any:
    initial = response.context["confirm_form"].initial
    chosen = {name: getattr(value, "pk", value) for name, value in initial.items() if value is not None}
    return browser.post(f"{PLACE}process_import/", chosen | fields)


def problems(response: Any) -> list[tuple[int, list[str]]]:
    return [(row.number, row.non_field_specific_errors) for row in response.context["result"].invalid_rows]


def titles() -> set[tuple[str, str]]:
    with all_organizations():
        return set(Task.objects.values_list("organization__slug", "title"))


def test_a_stalled_task_says_for_how_long_and_can_be_filtered(staff: Browser, client_of_acme: Client) -> None:
    add_task(client_of_acme, title="Stuck", status="in_progress", updated_at=NOW - timedelta(days=5, hours=3))
    add_task(client_of_acme, title="Running", status="in_progress", updated_at=NOW - timedelta(days=1))
    page = staff.get(PLACE).content.decode()
    assert "Stalled for 5 days" in page
    assert page.count("Stalled for") == 1
    shown = staff.get(f"{PLACE}?attention=stalled").context["cl"].result_list
    assert [task.title for task in shown] == ["Stuck"]
    assert len(staff.get(f"{PLACE}?attention=x").context["cl"].result_list) == 2


def test_a_file_is_shown_before_it_is_imported(staff: Browser, client_of_acme: Client) -> None:
    preview = upload(staff, CSV)
    assert preview.status_code == 200
    assert [(row.import_type, row.diff[2]) for row in preview.context["result"].rows] == [
        ("new", "Set up"),
        ("new", "Sign"),
    ]
    assert titles() == set()
    assert confirm(staff, preview).status_code == 302
    assert titles() == {("acme", "Set up"), ("acme", "Sign")}
    assert audited(client_of_acme.organization) == [("task.imported", {"new": 2, "update": 0, "skip": 0})]
    assert [row.import_type for row in upload(staff, CSV).context["result"].rows] == ["skip", "skip"]


def test_a_file_with_a_wrong_row_is_not_imported(staff: Browser, client_of_acme: Client) -> None:
    response = upload(staff, CSV + "nobody,x,\nuser-1,,\n")
    assert problems(response) == [
        (4, ["client: there is no client “nobody”."]),
        (5, ["title: A task needs a title."]),
    ]
    assert "confirm_form" not in response.context
    assert titles() == set()


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("name\n", 1, "The first line has to name the columns client, title; missing: client."),
        (b"client,title\nuser-1,\xff\n", 2, "It is not written in UTF-8."),
        ("client,title\n" + "user-1,x\n" * 5_000, 5_001, "For more than 5000 lines there is manage.py import_tasks."),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    staff: Browser, client_of_acme: Client, content: str | bytes, line: int, problem: str
) -> None:
    assert problems(upload(staff, content)) == [(line, [problem])]


def test_a_member_imports_into_their_own_organization_only(
    staff: Browser, client_of_acme: Client, outsider: Organization
) -> None:
    ClientFactory.create(organization=outsider, external_id="theirs")
    response = upload(staff, "client,title\ntheirs,x\n", organization=outsider.pk)
    assert problems(response) == [(2, ["client: there is no client “theirs”."])]
    preview = upload(staff, CSV, organization=outsider.pk)
    assert confirm(staff, preview, organization=outsider.pk).status_code == 302
    assert {slug for slug, _ in titles()} == {"acme"}


def test_an_operator_chooses_the_organization(client_of_acme: Client, outsider: Organization) -> None:
    operator = operators_browser()
    assert "organization" in upload(operator, CSV).context["form"].errors
    preview = upload(operator, CSV, organization=outsider.pk)
    assert confirm(operator, preview).status_code == 302
    assert titles() == {("outsider", "Set up"), ("outsider", "Sign")}


def test_an_upload_that_is_gone_is_asked_for_again(staff: Browser, client_of_acme: Client) -> None:
    preview = upload(staff, CSV)
    cache.clear()
    response = confirm(staff, preview)
    assert (response.status_code, response["Location"]) == (302, f"{PLACE}import/")
    assert confirm(staff, preview, import_file_name="../../etc/passwd").status_code == 302
    assert confirm(staff, preview, format="x").status_code == 200
    assert titles() == set()


def test_the_export_holds_what_the_list_shows_and_can_be_imported(
    staff: Browser, client_of_acme: Client, outsider: Organization
) -> None:
    add_task(foreign_client(outsider), title="theirs")
    add_task(client_of_acme, title="=1+1", external_id="t1", is_onboarding=True, due_on=NOW.date())
    add_task(client_of_acme, title="Done", status="done", completed_at=NOW, updated_at=NOW)
    form = {"format": "0", "resource": "0"}
    content = staff.post(f"{PLACE}export/", form).content
    assert content.decode().splitlines() == [
        "client,external_id,title,status,onboarding,due_on,completed_at",
        "user-1,,Done,done,no,,2026-11-17T12:00:00+00:00",
        "user-1,t1,'=1+1,todo,yes,2026-11-17,",
    ]
    assert [row.import_type for row in upload(staff, content).context["result"].rows] == ["skip", "skip"]
    filtered = staff.post(f"{PLACE}export/?status__exact=done", form).content.decode()
    assert len(filtered.splitlines()) == 2


def test_an_export_takes_the_same_queries_for_one_and_for_many(
    staff: Browser, organization: Organization, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            add_task(ClientFactory.create(organization=organization))
        with django_assert_max_num_queries(30) as found:
            staff.post(f"{PLACE}export/", {"format": "0", "resource": "0"})
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_an_owner_without_a_seat_is_turned_away(client_of_acme: Client) -> None:
    browser = Browser()
    for page in ("import", "export"):
        assert browser.get(f"{PLACE}{page}/").status_code == 302


def test_the_form_refuses_a_title_of_spaces(staff: Browser, client_of_acme: Client) -> None:
    for title in ("   ", "a\0b", "x" * 256):
        response = staff.post(f"{PLACE}add/", {"client": client_of_acme.pk, "status": "todo", "title": title})
        assert (response.status_code, list(response.context["adminform"].form.errors)) == (200, ["title"])


@pytest.mark.parametrize("is_operator", [False, True])
def test_an_external_id_is_given_once(staff: Browser, client_of_acme: Client, is_operator: bool) -> None:
    browser = operators_browser() if is_operator else staff
    form = {"client": client_of_acme.pk, "status": "todo", "title": "x", "external_id": "t1"}
    assert browser.post(f"{PLACE}add/", form).status_code == 302
    again = browser.post(f"{PLACE}add/", form)
    assert again.context["adminform"].form.non_field_errors() == ["The client has a task with this external id."]
    assert titles() == {("acme", "x")}


@pytest.mark.parametrize("query", ["limit=5", "????", "\N{SNOWMAN}=1", "status__exact__x=1", "status__exact=%00"])
def test_an_export_of_what_the_list_does_not_have_leads_to_the_list(staff: Browser, query: str) -> None:
    chosen = {f"taskresource_{name}": "on" for name in ("client", "title")} | {"format": "0", "resource": "0"}
    answer = staff.post(f"{PLACE}export/?{query}", chosen, follow=True)
    assert (answer.redirect_chain, answer.status_code) == ([(f"{PLACE}?e=1", 302)], 200)
