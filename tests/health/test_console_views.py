"""Each view of the list shows its alerts and no other, in the organization's day."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils.html import strip_tags

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations
from health.models import Alert
from telemetry.models import ClientActivity
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory
from tests.health.alert_rows import alert_of
from tests.health.consoles import LIST, counts, listed, user_of

# Ten at night in Berlin; today there began at eleven at night UTC, and ends at eleven.
NOW = datetime(2026, 11, 18, 21, tzinfo=UTC)
TODAY = datetime(2026, 11, 17, 23, tzinfo=UTC)
TOMORROW = TODAY + timedelta(days=1)
SECOND = timedelta(seconds=1)
LONG_AGO = NOW - timedelta(days=9)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


@pytest.fixture
def alerts(organization: Organization, outsider: Organization, staff: Browser) -> dict[str, Alert]:
    """One alert for each way to lie in a view, or just beside it."""
    me = user_of(staff)
    other = user_of(browser_of(organization, Membership.Role.STAFF))
    resolved = {"resolved_at": NOW, "resolution": "by_hand"}
    rows: dict[str, dict[str, Any]] = {
        "open": {},
        "mine": {"owner": me},
        "theirs": {"owner": other},
        "of today": {"changed_at": TODAY},
        "of yesterday": {"changed_at": TODAY - SECOND},
        "acknowledged": {"acknowledged_at": NOW, "acknowledged_by": me, "owner": me},
        "asleep": {"snoozed_at": LONG_AGO, "owner": me, "changed_at": TODAY},
        "wakes today": {"snoozed_at": LONG_AGO, "snoozed_until": TOMORROW - SECOND},
        "wakes tomorrow": {"snoozed_at": LONG_AGO, "snoozed_until": TOMORROW},
        "woke today": {"snoozed_at": LONG_AGO, "snoozed_until": TODAY},
        "woke yesterday": {"snoozed_at": LONG_AGO, "snoozed_until": TODAY - SECOND},
        "resolved": resolved | {"owner": me, "changed_at": TODAY},
        "acknowledged asleep": {"acknowledged_at": LONG_AGO, "snoozed_at": NOW},
    }
    alert_of(ClientFactory.create(organization=outsider), changed_at=NOW)
    return {
        name: alert_of(
            ClientFactory.create(organization=organization, name=name),
            **({"opened_at": LONG_AGO, "changed_at": LONG_AGO} | row),
        )
        for name, row in rows.items()
    }


OPEN = {"open", "mine", "theirs", "of today", "of yesterday", "woke today", "woke yesterday"}
VIEWS = {
    "open": OPEN,
    "mine": {"mine", "acknowledged"},
    "unassigned": OPEN - {"mine", "theirs"},
    "new": {"of today"},
    "waking": {"wakes today", "woke today"},
    "acknowledged": {"acknowledged"},
    "snoozed": {"asleep", "wakes today", "wakes tomorrow", "acknowledged asleep"},
    "resolved": {"resolved"},
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_its_alerts(staff: Browser, alerts: dict[str, Alert], view: str) -> None:
    shown = listed(staff, view=view)
    assert ({name for name, alert in alerts.items() if alert.pk in shown}, len(shown)) == (
        VIEWS[view],
        len(VIEWS[view]),
    )


def test_all_are_all_of_the_own_organization(staff: Browser, alerts: dict[str, Alert]) -> None:
    assert set(listed(staff, view="all")) == {alert.pk for alert in alerts.values()}


def test_the_list_begins_with_the_open_ones(staff: Browser, alerts: dict[str, Alert]) -> None:
    assert listed(staff) == listed(staff, view="open") == listed(staff, view="no such view\0")


def test_the_counts_are_those_of_the_views(staff: Browser, alerts: dict[str, Alert]) -> None:
    assert counts(staff) == {
        "Open": 7,
        "Mine": 2,
        "Unassigned": 5,
        "New today": 1,
        "Waking today": 2,
        "Acknowledged": 1,
        "Snoozed": 4,
        "Resolved": None,
        "All": None,
    }


def test_an_operator_sees_every_organization(alerts: dict[str, Alert]) -> None:
    operator = operators_browser()
    assert counts(operator)["Open"] == 8
    assert len(listed(operator, view="all")) == len(alerts) + 1


def test_a_view_says_that_it_is_chosen(staff: Browser) -> None:
    def chosen(address: str) -> list[str]:
        return [str(view["title"]) for view in staff.get(address).context["alert_views"] if view["is_chosen"]]

    addresses = [LIST, f"{LIST}?view=mine", f"{LIST}?view=nonsense"]
    assert [chosen(address) for address in addresses] == [["Open"], ["Mine"], ["Open"]]


def test_the_worst_comes_first_and_of_those_the_oldest(staff: Browser, organization: Organization) -> None:
    def one(severity: int, days: int) -> int:
        client = ClientFactory.create(organization=organization)
        return alert_of(client, severity=severity, opened_at=NOW - timedelta(days=days)).pk

    young_critical, warning, info, old_critical = one(3, 1), one(2, 30), one(1, 40), one(3, 2)
    assert listed(staff) == [old_critical, young_critical, warning, info]
    # By age, when that is asked for.
    assert listed(staff, o="6") == [info, warning, old_critical, young_critical]


def test_what_is_over_is_read_from_the_newest(staff: Browser, organization: Organization) -> None:
    def one(severity: int, days: int) -> int:
        return alert_of(
            ClientFactory.create(organization=organization),
            severity=severity,
            changed_at=NOW - timedelta(days=days),
            resolved_at=NOW,
            resolution="by_hand",
        ).pk

    old, new = one(3, 5), one(1, 1)
    assert listed(staff, view="resolved") == [new, old]


@pytest.mark.parametrize("words", ["Ada", "lovelace@example.com", "client-of-ada"])
def test_search_finds_the_client(
    staff: Browser, organization: Organization, outsider: Organization, words: str
) -> None:
    fields = {"name": "Ada Lovelace", "email": "lovelace@example.com", "external_id": "client-of-ada"}
    found = alert_of(ClientFactory.create(organization=organization, **fields))
    alert_of(ClientFactory.create(organization=organization))
    alert_of(ClientFactory.create(organization=outsider, **fields))
    assert listed(staff, q=words) == [found.pk]


@pytest.mark.parametrize("words", ["", "\0", "'; --", "%", "🦆" * 300])
def test_search_takes_whatever_is_typed(staff: Browser, client_of_acme: Client, words: str) -> None:
    alert_of(client_of_acme)
    assert staff.get(LIST, {"q": words}).status_code == 200


def test_filters_narrow_the_view(staff: Browser, client_of_acme: Client) -> None:
    silent = alert_of(client_of_acme)
    stalled = alert_of(client_of_acme, matter="tasks", kind="task_stalled", severity=2)
    assert listed(staff, severity__exact=2) == [stalled.pk]
    assert listed(staff, kind__exact="zero_activity") == [silent.pk]
    assert listed(staff, kind__exact="zero_activity", severity__exact=2) == []


def test_each_line_says_why_and_since_when(staff: Browser, client_of_acme: Client) -> None:
    alert_of(client_of_acme, opened_at=NOW - timedelta(days=2))
    with all_organizations():
        ClientActivity.objects.create(
            organization=client_of_acme.organization, client=client_of_acme, first_at=LONG_AGO, last_at=LONG_AGO
        )
    page = staff.get(LIST).content.decode()
    cells = re.findall(r'<t[hd] class="field-(alert|last_activity|age)\b[^>]*>(.*?)</t[hd]>', page, re.DOTALL)
    assert {name: " ".join(strip_tags(cell).split()) for name, cell in cells} == {
        "alert": "Zero activity No activity since Nov. 13, 2026, 9 a.m.",
        "last_activity": "1 week ago",
        "age": "2 days",
    }


def test_an_empty_view_asks_nobody_to_make_an_alert(staff: Browser, client_of_acme: Client) -> None:
    page = staff.get(LIST).content.decode()
    assert "No client needs you in this view." in page
    assert "Reset filters" not in page
    found_nothing = staff.get(LIST, {"q": "nobody"}).content.decode()
    assert "Nothing matches what was asked for." in found_nothing
    of_one_kind = staff.get(LIST, {"view": "open", "kind__exact": "churn_risk"}).content.decode()
    assert "Nothing matches what was asked for." in of_one_kind
    assert "Reset filters" in found_nothing
