from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from accounts.models import AuditEntry, Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.incoming import IncomingEvent
from telemetry.models import ClientActivity, ClientTrait
from telemetry.recording import record_events
from tests.factories import ClientFactory
from tests.success.api_calls import Api, problem
from tests.success.scored_clients import PERIOD_END, add_score

CLIENTS = "/api/v1/clients"
NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
NOBODY_ELSE = {
    "name": "",
    "email": "",
    "status": "active",
    "signedUpAt": None,
    "language": "",
    "timezone": None,
    "lastActivityAt": None,
    "score": None,
}


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


def found(api: Api, **query: Any) -> list[str]:
    return sorted(client["externalId"] for client in api.listed(CLIENTS, **query))


def audited() -> list[tuple[str, dict[str, Any]]]:
    with all_organizations():
        return list(AuditEntry.objects.order_by("id").values_list("action", "changes"))


def test_a_client_is_shown_with_its_newest_score(api: Api, client_of_acme: Client) -> None:
    add_score(client_of_acme, period_end=PERIOD_END - timedelta(days=7), overall=50)
    add_score(client_of_acme, overall=55)
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(created_at=NOW)
        ClientActivity.objects.create(
            organization_id=client_of_acme.organization_id, client=client_of_acme, first_at=NOW, last_at=NOW
        )
    body = api.get(f"{CLIENTS}/user-1").json()
    score = body.pop("score")
    said = {"externalId": "user-1", "createdAt": "2026-11-16T12:00:00Z", "lastActivityAt": "2026-11-16T12:00:00Z"}
    assert body == {name: value for name, value in (NOBODY_ELSE | said).items() if name != "score"}
    brief = {"overall": 55, "band": "attention", "trend": "rising", "change": 5, "periodEnd": "2026-01-12"}
    assert brief.items() <= score.items()
    assert score["components"]["engagement"]["value"] == 46.5
    assert [client["score"] for client in api.listed(CLIENTS)] == [brief]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["ada", "grace", "mary"]),
        ({"status": "paused"}, ["grace"]),
        ({"externalId": "ada"}, ["ada"]),
        ({"externalId": "ad"}, []),
        ({"email": "GRACE@example.com"}, ["grace"]),
        ({"email": "example.com"}, []),
        ({"search": "LOVE"}, ["ada"]),
        ({"search": "example.com"}, ["grace"]),
        ({"search": "100%"}, []),
        ({"band": "good"}, ["ada"]),
        ({"band": "at_risk"}, []),
        ({"createdFrom": "2026-11-15T12:00:00Z"}, ["ada", "grace"]),
        ({"createdBefore": "2026-11-15T12:00:00+01:00"}, ["mary"]),
        ({"activeFrom": "2026-11-16T12:00:00Z"}, ["ada"]),
        ({"activeBefore": "2026-11-16T12:00:00Z"}, []),
        ({"status": "active", "search": "mar"}, ["mary"]),
    ],
)
def test_clients_are_found(api: Api, organization: Organization, query: dict[str, str], expected: list[str]) -> None:
    ada = ClientFactory.create(organization=organization, external_id="ada", name="Ada Lovelace")
    fields = {"email": "Grace@example.com", "status": "paused"}
    ClientFactory.create(organization=organization, external_id="grace", **fields)
    mary = ClientFactory.create(organization=organization, external_id="mary", name="Mary 100")
    add_score(ada, overall=72, band="good")
    add_score(ada, period_end=PERIOD_END - timedelta(days=7), overall=20, band="at_risk")
    with all_organizations():
        Client.objects.filter(pk=mary.pk).update(created_at=NOW - timedelta(days=2))
        ClientActivity.objects.create(organization=organization, client=ada, first_at=NOW, last_at=NOW)
    assert found(api, **query) == expected


def test_other_organizations_and_merged_clients_are_not_listed(
    api: Api, client_of_acme: Client, outsider: Organization
) -> None:
    ClientFactory.create(organization=client_of_acme.organization, external_id="former", merged_into=client_of_acme)
    ClientFactory.create(organization=outsider, external_id="foreign")
    assert found(api) == ["user-1"]


def test_a_former_id_leads_to_the_client(api: Api, client_of_acme: Client) -> None:
    ClientFactory.create(organization=client_of_acme.organization, external_id="former", merged_into=client_of_acme)
    assert api.get(f"{CLIENTS}/former").json()["externalId"] == "user-1"
    assert problem(api.call("POST", CLIENTS, {"externalId": "former"})) == (409, "client_exists")


def test_a_client_is_created_with_what_is_known(api: Api, organization: Organization, outsider: Organization) -> None:
    facts = {
        "name": "Ada 💜",
        "email": "ada@example.com",
        "status": "paused",
        "signedUpAt": "2026-01-05T10:00:00+01:00",
        "language": "de",
        "timezone": "Europe/Berlin",
    }
    status, body = api.answer("POST", CLIENTS, {"externalId": "user-1"} | facts)
    made = {"externalId": "user-1", "createdAt": "2026-11-16T12:00:00Z", "signedUpAt": "2026-01-05T09:00:00Z"}
    assert (status, body) == (201, NOBODY_ELSE | facts | made)
    assert api.get(f"{CLIENTS}/user-1").json() == body
    assert [action for action, _ in audited()][-1] == "client.created"


def test_a_client_is_created_once(api: Api, client_of_acme: Client) -> None:
    assert problem(api.call("POST", CLIENTS, {"externalId": "user-1", "name": "Other"})) == (409, "client_exists")
    assert api.get(f"{CLIENTS}/user-1").json()["name"] == client_of_acme.name


def test_what_is_left_out_stays(api: Api, client_of_acme: Client) -> None:
    api.call("PATCH", f"{CLIENTS}/user-1", {"name": "Ada", "email": "ada@example.com", "timezone": "Asia/Tokyo"})
    status, body = api.answer("PATCH", f"{CLIENTS}/user-1", {"email": "", "timezone": None})
    assert status == 200
    assert (body["name"], body["email"], body["timezone"]) == ("Ada", "", None)


def test_changes_are_audited_without_personal_data(api: Api, client_of_acme: Client) -> None:
    for _ in range(2):
        api.call("PATCH", f"{CLIENTS}/user-1", {"email": "ada@example.com", "status": "paused"})
    [(_action, changes)] = [entry for entry in audited() if entry[0] == "client.changed"]
    assert changes == {"email": [], "status": ["active", "paused"], "api_key": changes["api_key"]}


def test_what_the_api_says_outlives_what_was_said_before(api: Api, client_of_acme: Client) -> None:
    api.call("PATCH", f"{CLIENTS}/user-1", {"name": "Ada Lovelace", "language": "de"})
    for number, (name, told_at) in enumerate([("Old", NOW - timedelta(days=1)), ("New", NOW + timedelta(minutes=5))]):
        event = IncomingEvent(
            message_id=str(number), name="", call="identify", external_id="user-1", stated_at=told_at,
            data={"name": name},
        )  # fmt: skip
        record_events(client_of_acme.organization_id, [event], received_at=NOW)
        assert api.get(f"{CLIENTS}/user-1").json()["name"] == {"Old": "Ada Lovelace", "New": "New"}[name]
    with organization_scope(client_of_acme.organization_id):
        assert list(ClientTrait.objects.values_list("key", flat=True)) == ["name"]


BAD_FACTS: list[Any] = [
    {"nmae": "Ada"},
    {"externalId": "user-2"},
    {"name": None},
    {"name": 5},
    {"name": "x" * 256},
    {"email": "ada"},
    {"email": "a@example.com, b@example.com"},
    {"email": "a" * 320 + "@example.com"},
    {"status": "gone"},
    {"status": None},
    {"signedUpAt": "yesterday"},
    {"signedUpAt": 5},
    {"signedUpAt": "0001-01-01T00:00:00+14:00"},
    {"signedUpAt": "9999-12-31T23:59:59-14:00"},
    {"signedUpAt": "1899-12-31T23:59:59Z"},
    {"signedUpAt": "٢٠٢٦-١١-٠٩T00:00:00Z"},
    {"language": "xx"},
    {"timezone": "Berlin"},
    {"timezone": "../../etc/passwd"},
    {"timezone": 1},
    {"timezone": ""},
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": "a", "name": "b"}',
    b'{"name": ' + b"[" * 50 + b"]" * 50 + b"}",
    b'{"name": 1' + b"0" * 5000 + b"}",
]


@pytest.mark.parametrize("body", BAD_FACTS, ids=range(len(BAD_FACTS)))
def test_what_cannot_be_a_fact_changes_nothing(api: Api, client_of_acme: Client, body: Any) -> None:
    before = api.get(f"{CLIENTS}/user-1").json()
    status, _ = problem(api.call("PATCH", f"{CLIENTS}/user-1", body))
    assert status == 400
    assert api.get(f"{CLIENTS}/user-1").json() == before


@pytest.mark.parametrize("external_id", ["", "   ", "x" * 256, "a\0", None, [], {}, True])
def test_what_cannot_be_an_id_is_refused(api: Api, external_id: Any) -> None:
    assert problem(api.call("POST", CLIENTS, {"externalId": external_id}))[0] == 400
    assert found(api) == []


def test_an_unknown_field_is_named(api: Api, client_of_acme: Client) -> None:
    body = api.call("PATCH", f"{CLIENTS}/user-1", {"nmae": "Ada"}).json()
    assert body["errors"] == {
        "nmae": [
            {
                "message": "This is not known here: use name, email, status, signedUpAt, language, timezone.",
                "code": "unknown",
            }
        ]
    }
