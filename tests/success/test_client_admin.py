from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.models import Score, ScoringPolicy
from telemetry.incoming import IncomingEvent
from telemetry.models import ClientActivity, ClientTrait
from telemetry.recording import record_events
from tests.accounts.admin_pages import audited, browser_of
from tests.factories import ClientFactory, MembershipFactory
from tests.gates.rows import COUNTS, MONDAY

PLACE = "/admin/accounts/client/"
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
NO_DATE = {"signed_up_at_0": "", "signed_up_at_1": ""}
BUTTON = "accounts_client_give_login"


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def scored(client: Client, *overalls: tuple[int | None, str]) -> None:
    """Newest first, a week apart."""
    with all_organizations():
        for weeks, (overall, band) in enumerate(overalls):
            Score.objects.create(
                organization=client.organization, client=client, period_end=MONDAY - timedelta(weeks=weeks),
                policy=ScoringPolicy.objects.get(organization=None, version=1), timezone="UTC", computed_at=NOW,
                overall=overall, band=band, coverage=100, age_days=100, has_events=True, launch_kit_viewed=False,
                **COUNTS,
            )  # fmt: skip


def listed(browser: Browser, query: str = "") -> list[Any]:
    return list(browser.get(f"{PLACE}?{query}").context["cl"].result_list)


def names(browser: Browser, query: str = "") -> list[str]:
    return sorted(client.name for client in listed(browser, query))


def change(browser: Browser, client: Client, **fields: str) -> Any:
    form = {"name": client.name, "email": client.email, "status": client.status}
    return browser.post(f"{PLACE}{client.pk}/change/", form | NO_DATE | fields)


def test_the_list_shows_the_newest_score_its_trend_and_the_last_activity(
    browser: Browser, organization: Organization
) -> None:
    rising = ClientFactory.create(organization=organization, name="Rising")
    ClientFactory.create(organization=organization, name="Silent")
    scored(rising, (72, "good"), (60, "good"))
    with all_organizations():
        ClientActivity.objects.create(organization=organization, client=rising, first_at=NOW, last_at=NOW)
    page = browser.get(PLACE)
    shown = {client.name: client for client in page.context["cl"].result_list}
    assert (shown["Rising"].standing.score.overall, shown["Rising"].standing.change) == (72, 12)
    assert (shown["Rising"].last_at, shown["Silent"].standing, shown["Silent"].last_at) == (NOW, None, None)
    text = page.content.decode()
    assert "72 Good" in text
    assert "▲\u00a0+12" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=ada", ["Ada"]),
        ("q=grace@example.com", ["Grace"]),
        ("q=ext-ada", ["Ada"]),
        ("status__exact=paused", ["Grace"]),
        ("band=good", ["Ada"]),
        ("band=at_risk", ["Grace"]),
        ("band=excellent", []),
    ],
)
def test_clients_are_found(browser: Browser, organization: Organization, query: str, expected: list[str]) -> None:
    ada = ClientFactory.create(organization=organization, name="Ada", external_id="ext-ada")
    grace = ClientFactory.create(
        organization=organization, name="Grace", email="grace@example.com", status="paused", external_id="g"
    )
    scored(ada, (72, "good"), (20, "at_risk"))
    scored(grace, (20, "at_risk"), (72, "good"))
    assert names(browser, query) == expected


def test_a_band_finds_nobody_before_the_first_scores(browser: Browser, client_of_acme: Client) -> None:
    assert names(browser, "band=good") == []


def test_merged_clients_are_not_listed(browser: Browser, organization: Organization) -> None:
    kept = ClientFactory.create(organization=organization, name="Kept")
    ClientFactory.create(organization=organization, name="Merged", merged_into=kept)
    assert names(browser) == ["Kept"]


def test_what_staff_write_outlives_what_was_said_before(browser: Browser, organization: Organization) -> None:
    client = ClientFactory.create(organization=organization, name="Ada", external_id="user-1")
    assert change(browser, client, name="Ada Lovelace").status_code == 302
    now = datetime.now(UTC)
    for number, (name, told_at) in enumerate([("Old", now - timedelta(days=1)), ("New", now + timedelta(minutes=5))]):
        event = IncomingEvent(
            message_id=str(number), name="", call="identify", external_id="user-1", stated_at=told_at,
            data={"name": name},
        )  # fmt: skip
        record_events(organization.pk, [event], received_at=now)
        with organization_scope(organization.pk):
            client.refresh_from_db()
        assert client.name == {"Old": "Ada Lovelace", "New": "New"}[name]


def test_saving_touches_only_what_was_changed(browser: Browser, organization: Organization) -> None:
    client = ClientFactory.create(organization=organization, name="Ada", email="ada@example.com")
    change(browser, client, status="paused")
    with all_organizations():
        assert not ClientTrait.objects.exists()
        assert Client.objects.get().status == "paused"


def test_what_staff_change_stands_in_the_audit_log_without_personal_data(
    browser: Browser, organization: Organization
) -> None:
    client = ClientFactory.create(organization=organization, name="Ada")
    for fields in ({"status": "paused", "email": "ada@example.com"}, {"status": "paused"}, {}):
        with all_organizations():
            client.refresh_from_db()
        assert change(browser, client, **fields).status_code == 302
    assert audited(organization) == [("client.changed", {"status": ["active", "paused"], "email": []})]


def test_a_client_that_staff_add_stands_in_the_audit_log(browser: Browser, organization: Organization) -> None:
    browser.post(f"{PLACE}add/", {"external_id": "user-9", "name": "Mary", "status": "active"} | NO_DATE)
    assert audited(organization) == [("client.created", {})]


def test_the_external_id_stays(browser: Browser, organization: Organization) -> None:
    client = ClientFactory.create(organization=organization, external_id="user-1")
    change(browser, client, external_id="user-2")
    with all_organizations():
        assert Client.objects.get().external_id == "user-1"


def test_staff_add_a_client(browser: Browser, organization: Organization) -> None:
    browser.post(f"{PLACE}add/", {"external_id": "user-9", "name": "Mary", "status": "active"} | NO_DATE)
    with all_organizations():
        assert [(made.organization, made.external_id) for made in Client.objects.all()] == [(organization, "user-9")]


def test_an_external_id_that_another_organization_uses_is_free(
    browser: Browser, organization: Organization, outsider: Organization
) -> None:
    form = {"external_id": "user-1", "name": "Mary", "status": "active"}
    answers = [browser.post(f"{PLACE}add/", form | NO_DATE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 200]


def test_a_login_is_made_and_its_link_shown(browser: Browser, organization: Organization) -> None:
    client = ClientFactory.create(organization=organization, email="ada@example.com")
    page = change(browser, client, **{BUTTON: "1"})
    assert page.context["value"].startswith("http://testserver/set-password/")
    with all_organizations():
        made = Client.objects.get().user
    assert made is not None
    assert (made.username, made.is_staff) == ("ada@example.com", False)
    assert audited(organization) == [("client.login_created", {})]


def test_a_login_that_is_somebodys_elsewhere_gets_no_link(
    browser: Browser, organization: Organization, outsider: Organization
) -> None:
    user = MembershipFactory.create(organization=outsider).user
    client = ClientFactory.create(organization=organization, user=user)
    assert change(browser, client, **{BUTTON: "1"}).status_code == 302
    assert audited(organization) == []


def test_clients_are_paused_and_archived_together(browser: Browser, organization: Organization) -> None:
    clients = [ClientFactory.create(organization=organization, status=status) for status in ("active", "paused")]
    browser.post(PLACE, {"action": "pause", "_selected_action": [client.pk for client in clients]})
    with all_organizations():
        assert {client.status for client in Client.objects.all()} == {"paused"}
    assert audited(organization) == [("client.status_changed", {"status": ["active", "paused"]})]
