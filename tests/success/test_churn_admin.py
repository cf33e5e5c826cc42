from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from time_machine import travel

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations
from success.models import Churn
from tests.accounts.admin_pages import audited, browser_of, operators_browser
from tests.factories import ClientFactory

PLACE = "/admin/success/churn/"
NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def clients(organization: Organization, outsider: Organization) -> list[Client]:
    made: list[Client] = ClientFactory.create_batch(2, organization=organization, signed_up_at=SINCE)
    return made


@pytest.fixture
def staff(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def marks() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Churn.objects.order_by("client").values_list("client", "churned_on", "reason"))


def test_clients_chosen_in_the_list_are_marked_together(staff: Browser, clients: list[Client]) -> None:
    chosen = {"action": "mark_as_churned", "_selected_action": [client.pk for client in clients]}
    asked = staff.post("/admin/accounts/client/", chosen)
    assert asked["Location"].startswith(f"{PLACE}mark/?clients=")
    page = staff.get(asked["Location"]).content.decode()
    assert all(str(client) in page for client in clients)
    done = staff.post(asked["Location"], {"churned_on": "2026-11-01", "reason": "Price"})
    assert (done.status_code, done["Location"]) == (302, PLACE)
    assert marks() == [(client.pk, date(2026, 11, 1), "Price") for client in clients]


def test_when_one_cannot_be_marked_none_is(staff: Browser, clients: list[Client]) -> None:
    with all_organizations():
        Client.objects.filter(pk=clients[0].pk).update(signed_up_at=NOW)
        Client.objects.filter(pk=clients[0].pk).update(created_at=NOW)
    address = f"{PLACE}mark/?clients={clients[0].pk},{clients[1].pk}"
    page = staff.post(address, {"churned_on": "2026-11-01"}).content.decode()
    assert "The client has only been known since 2026-11-17." in page
    assert marks() == []


def test_the_client_page_leads_to_its_mark_with_what_stands(staff: Browser, clients: list[Client]) -> None:
    [client, _] = clients
    staff.post(f"{PLACE}mark/?clients={client.pk}", {"churned_on": "2026-10-05", "reason": "Moved"})
    leads = staff.get(reverse("admin:accounts_client_mark_one_as_churned", args=[client.pk]))
    page = staff.get(leads["Location"]).content.decode()
    assert 'value="2026-10-05"' in page
    assert 'value="Moved"' in page


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 40, "1,,\0"])
def test_the_page_of_nobody_says_so(staff: Browser, clients: list[Client], asked: str) -> None:
    response = staff.get(f"{PLACE}mark/", {"clients": asked})
    assert (response.status_code, response.context["clients"]) == (200, [])


def test_another_organizations_client_cannot_be_marked(staff: Browser, outsider: Organization) -> None:
    with all_organizations():
        [theirs] = Client.objects.filter(organization=outsider)
    response = staff.post(f"{PLACE}mark/?clients={theirs.pk}", {"churned_on": "2026-11-17"})
    assert "user-1" not in staff.get(f"{PLACE}mark/?clients={theirs.pk}").content.decode()
    assert staff.post(f"{PLACE}add/", {"client": theirs.pk, "churned_on": "2026-11-17"}).status_code == 200
    assert (response.status_code, marks()) == (200, [])


@pytest.mark.parametrize("is_operator", [False, True])
def test_the_form_adds_changes_and_takes_off(staff: Browser, clients: list[Client], is_operator: bool) -> None:
    browser = operators_browser() if is_operator else staff
    [client, _] = clients
    form = {"client": client.pk, "churned_on": "2026-11-01", "reason": "Price"}
    assert browser.post(f"{PLACE}add/", form).status_code == 302
    again = browser.post(f"{PLACE}add/", form)
    assert again.context["adminform"].form.errors["client"] == ["The client is marked already: change that mark."]
    with all_organizations():
        churn = Churn.objects.get()
    assert browser.post(f"{PLACE}{churn.pk}/change/", {"churned_on": "2026-11-02"}).status_code == 302
    assert marks() == [(client.pk, date(2026, 11, 2), "")]
    assert browser.post(f"{PLACE}{churn.pk}/delete/", {"post": "yes"}).status_code == 302
    actions = [action for action, _ in audited(client.organization)]
    assert (marks(), actions) == ([], ["client.churn_marked", "client.churn_marked", "client.churn_unmarked"])


@pytest.mark.parametrize("day", ["2026-11-18", "2025-12-31", "9999-12-31", "0001-01-01", "soon"])
def test_the_form_refuses_a_day_that_cannot_be(staff: Browser, clients: list[Client], day: str) -> None:
    response = staff.post(f"{PLACE}add/", {"client": clients[0].pk, "churned_on": day})
    assert list(response.context["adminform"].form.errors) == ["churned_on"]
    assert marks() == []


def upload(browser: Browser, content: str) -> Any:
    file = SimpleUploadedFile("churn.csv", content.encode())
    return browser.post(f"{PLACE}import/", {"import_file": file, "format": "0", "resource": "0"})


def test_a_file_is_shown_before_it_is_imported(staff: Browser, clients: list[Client]) -> None:
    content = f"client,churned_on,reason\n{clients[0].external_id},2026-11-01,Price\n"
    preview = upload(staff, content)
    assert [(row.import_type, row.diff) for row in preview.context["result"].rows] == [
        ("new", [clients[0].external_id, date(2026, 11, 1), "Price"])
    ]
    assert marks() == []
    initial = preview.context["confirm_form"].initial
    staff.post(f"{PLACE}process_import/", {name: value for name, value in initial.items() if value is not None})
    assert marks() == [(clients[0].pk, date(2026, 11, 1), "Price")]
    assert audited(clients[0].organization)[-1] == ("churn.imported", {"new": 1, "update": 0, "skip": 0})
    assert [row.import_type for row in upload(staff, content).context["result"].rows] == ["skip"]


def test_a_file_with_a_wrong_row_is_not_imported(staff: Browser, clients: list[Client]) -> None:
    content = f"client,churned_on\n{clients[0].external_id},2026-11-01\nuser-1,2026-11-01\n"
    result = upload(staff, content).context["result"]
    assert [(row.number, row.non_field_specific_errors) for row in result.invalid_rows] == [
        (3, ["client: there is no client “user-1”."])
    ]
    assert marks() == []
