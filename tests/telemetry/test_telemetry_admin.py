"""What staff and operators see of events in the admin."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.event_names import map_event_name
from telemetry.models import EventName, ImportFile, QuarantinedEvent
from tests.factories import MembershipFactory, UserFactory
from tests.sessions import sign_in
from tests.telemetry.histories import counts, event, record

LISTS = ["event", "eventname", "quarantinedevent", "importfile"]
NOW = datetime.now(UTC)


@pytest.fixture
def staff(organization: Organization, browser: Browser) -> Membership:
    member: Membership = MembershipFactory.create(organization=organization)
    sign_in(browser, member.user)
    return member


@pytest.fixture
def operator(browser: Browser) -> None:
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))


def fill(organization: Organization, rows: int, *, word: str = "row") -> None:
    """As many rows of every kind."""
    for number in range(rows):
        name = f"{word}-{number}"
        record(organization, event(name, message_id=name, at=NOW), received_at=NOW)
        record(
            organization,
            event("login", message_id=f"q-{name}", at=NOW + timedelta(days=9), client=f"{word}-client"),
            received_at=NOW,
        )
        with organization_scope(organization.pk):
            map_event_name(organization, f"{word} mapped {number}", base_type="login", actor=None)
            ImportFile.objects.create(organization=organization, digest=name.encode(), name=f"{name}.csv")


def page(browser: Browser, path: str) -> str:
    response = browser.get(f"/admin/telemetry/{path}")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_staff_see_their_own_rows_only(
    model: str, organization: Organization, outsider: Organization, staff: Membership, browser: Browser
) -> None:
    fill(organization, 1)
    fill(outsider, 1, word="foreign")
    text = page(browser, f"{model}/")
    assert "row" in text
    assert "foreign" not in text


@pytest.mark.parametrize("model", LISTS)
def test_operators_see_every_organizations_rows(
    model: str, organization: Organization, outsider: Organization, operator: None, browser: Browser
) -> None:
    fill(organization, 1)
    fill(outsider, 1, word="foreign")
    text = page(browser, f"{model}/")
    assert "row" in text
    assert "foreign" in text


@pytest.mark.parametrize("model", LISTS)
def test_a_list_costs_the_same_for_one_row_and_for_three(
    model: str, organization: Organization, staff: Membership, browser: Browser
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(browser, f"{model}/")
        return len(captured)

    fill(organization, 1)
    queries()
    once = queries()
    fill(organization, 3, word="more")
    assert queries() == once


def test_an_event_is_shown_by_its_message_id(
    organization: Organization, outsider: Organization, staff: Membership, browser: Browser
) -> None:
    record(organization, event("login", message_id="a/b _1", at=NOW, data={"plan": "pro"}), received_at=NOW)
    record(outsider, event("login", message_id="foreign", at=NOW), received_at=NOW)
    text = page(browser, "event/")
    address = f"/admin/telemetry/event/{organization.pk}-a_2Fb%20_5F1/change/"
    assert address in text
    assert "pro" in browser.get(address).content.decode()
    assert browser.get(f"/admin/telemetry/event/{outsider.pk}-foreign/change/").status_code == 302
    assert browser.get("/admin/telemetry/event/x/change/").status_code == 302


def shown(text: str, names: list[str]) -> list[str]:
    return [name for name in names if f">{name}</a>" in text.replace("\n", "")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["new"]),
        ("?received=any", ["new", "old"]),
        ("?q=user-1", ["new"]),
        ("?q=user-2", ["old"]),
        ("?q=id-old", ["old"]),
        ("?q=new", ["new"]),
        ("?q=old", []),
        ("?q=old&received=any", ["old"]),
        ("?received=any&category=operational", []),
    ],
)
def test_events_are_looked_up(
    organization: Organization, staff: Membership, browser: Browser, query: str, expected: list[str]
) -> None:
    past = NOW - timedelta(days=70)
    record(organization, event("new", message_id="id-new", at=NOW), received_at=NOW)
    record(organization, event("old", message_id="id-old", at=past, client="user-2"), received_at=past)
    assert shown(page(browser, f"event/{query}"), ["new", "old"]) == expected


def test_the_list_turns_pages_without_counting_all(
    organization: Organization, staff: Membership, browser: Browser
) -> None:
    record(organization, *[event("login", message_id=str(n), at=NOW) for n in range(60)], received_at=NOW)
    with CaptureQueriesContext(connection) as captured:
        page(browser, "event/?p=2")
    counted = [query["sql"] for query in captured if "COUNT(" in query["sql"] and "telemetry_event" in query["sql"]]
    assert counted
    assert all("LIMIT 1000" in sql for sql in counted)


def test_an_unmapped_name_is_mapped_right_in_the_list(
    organization: Organization, outsider: Organization, staff: Membership, browser: Browser
) -> None:
    record(organization, event("Project Exported", message_id="1", at=NOW), received_at=NOW)
    assert "Project Exported" in page(browser, "eventname/")
    chosen = {"organization": organization.pk, "name": "Project Exported", "base_type": "export_downloaded"}
    assert browser.post("/admin/telemetry/eventname/map/", chosen).status_code == 302
    assert counts(organization, "export_downloaded", "unmapped") == [(1, 0)]
    with all_organizations():
        assert EventName.objects.get().created_by == staff.user


@pytest.mark.parametrize(
    "change", [{"base_type": "nothing"}, {"name": "login"}, {"name": ""}, {"organization": "x"}, {"organization": 0}]
)
def test_a_wrong_mapping_is_refused(
    organization: Organization, staff: Membership, browser: Browser, change: dict[str, Any]
) -> None:
    chosen = {"organization": organization.pk, "name": "Project Exported", "base_type": "export_downloaded"}
    assert browser.post("/admin/telemetry/eventname/map/", chosen | change).status_code in (302, 404)
    with all_organizations():
        assert not EventName.objects.exists()


def test_another_organizations_names_cannot_be_mapped(
    outsider: Organization, staff: Membership, browser: Browser
) -> None:
    chosen = {"organization": outsider.pk, "name": "Project Exported", "base_type": "export_downloaded"}
    assert browser.post("/admin/telemetry/eventname/map/", chosen).status_code == 404
    assert browser.get("/admin/telemetry/eventname/map/").status_code == 405
    with all_organizations():
        assert not EventName.objects.exists()


def test_names_are_added_changed_and_deleted_with_what_was_stored(
    organization: Organization, staff: Membership, browser: Browser
) -> None:
    record(organization, event("Project Exported", message_id="1", at=NOW), received_at=NOW)
    counters = ("export_downloaded", "task_completed", "unmapped")
    fields = {"name": "Project Exported", "base_type": "export_downloaded"}
    assert browser.post("/admin/telemetry/eventname/add/", fields).status_code == 302
    assert counts(organization, *counters) == [(1, 0, 0)]
    with organization_scope(organization.pk):
        address = f"/admin/telemetry/eventname/{EventName.objects.get().pk}"
    assert browser.post(f"{address}/change/", {"base_type": "task_completed"}).status_code == 302
    assert counts(organization, *counters) == [(0, 1, 0)]
    assert browser.post(f"{address}/delete/", {"post": "yes"}).status_code == 302
    assert counts(organization, *counters) == [(0, 0, 1)]


def test_a_name_of_the_product_is_refused_in_the_form(
    organization: Organization, staff: Membership, browser: Browser
) -> None:
    response = browser.post("/admin/telemetry/eventname/add/", {"name": "login", "base_type": "page_view"})
    assert response.status_code == 200
    assert "its meaning is fixed" in response.content.decode()


def test_several_names_are_deleted_at_once(organization: Organization, staff: Membership, browser: Browser) -> None:
    record(organization, event("Project Exported", message_id="1", at=NOW), received_at=NOW)
    with organization_scope(organization.pk):
        name = map_event_name(organization, "Project Exported", base_type="export_downloaded", actor=None)
    action = {"action": "delete_selected", "_selected_action": [name.pk], "post": "yes"}
    assert browser.post("/admin/telemetry/eventname/", action).status_code == 302
    assert counts(organization, "export_downloaded", "unmapped") == [(0, 1)]


@pytest.fixture
def ahead(organization: Organization, outsider: Organization) -> Callable[[], list[QuarantinedEvent]]:
    """An event nine days ahead in each organization; read anew by calling it, the own one first."""
    for tenant in (organization, outsider):
        record(tenant, event("login", message_id="ahead", at=NOW + timedelta(days=9)), received_at=NOW)

    def rows() -> list[QuarantinedEvent]:
        with all_organizations():
            return list(QuarantinedEvent.objects.order_by("id"))

    return rows


def act(browser: Browser, action: str, rows: list[QuarantinedEvent]) -> None:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    assert browser.post("/admin/telemetry/quarantinedevent/", chosen).status_code == 302


def test_what_still_cannot_be_waits_on(ahead: Any, staff: Membership, browser: Browser) -> None:
    act(browser, "replay", ahead())
    assert [row.replayed_at for row in ahead()] == [None, None]


def test_replaying_with_the_time_it_was_received_counts_it_then(
    organization: Organization, outsider: Organization, ahead: Any, staff: Membership, browser: Browser
) -> None:
    act(browser, "replay_as_received", ahead())
    own, foreign = ahead()
    assert own.replayed_at
    assert own.replayed_by_id == staff.user_id
    assert foreign.replayed_at is None
    assert counts(organization, "login") == [(1,)]
    assert counts(outsider, "login") == []
