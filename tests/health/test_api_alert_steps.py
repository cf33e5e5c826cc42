"""Steps with alerts over the REST API: who took them, who was first, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from time_machine import travel

from accounts.api_keys import NewKey
from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations
from health.models import Alert, AlertEntry
from tests.factories import ClientFactory, MembershipFactory
from tests.health.alert_rows import NOW, alert_of
from tests.health.watched_clients import member
from tests.success.api_calls import Api, problem

LATER = NOW + timedelta(hours=3)
AT = "2026-11-16T12:00:00Z"
OVER = {"resolved_at": NOW, "ended_at": NOW, "resolution": "condition_ended"}
ANN = {"username": "ann", "name": "ann", "email": "ann@acme.example"}
BODIES: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "assign": {"owner": None},
    "snooze": {"until": None},
    "wake": {},
    "resolve": {},
    "reopen": {},
    "note": {"note": "Called them."},
    "judge": {"verdict": "noise"},
}


@pytest.fixture(autouse=True)
def at() -> Any:
    with travel(LATER, tick=False) as clock:
        yield clock


@pytest.fixture
def alert(client_of_acme: Client) -> Alert:
    return alert_of(client_of_acme)


@pytest.fixture
def ann(organization: Organization) -> User:
    user = member(organization, "ann")
    User.objects.filter(pk=user.pk).update(email="ann@acme.example")
    return user


@pytest.fixture
def program(secret_key: NewKey) -> dict[str, Any]:
    """By the key of `api`, in nobody's name."""
    return {"member": None, "key": f"tests ({secret_key.key.prefix}…)"}


def address(alert: Alert | str, step: str = "") -> str:
    return f"/api/v1/alerts/{alert.pk if isinstance(alert, Alert) else alert}{step and '/'}{step}"


def take(api: Api, alert: Alert, step: str, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the answer changed of the alert, and the step in its log."""
    before = api.get(address(alert)).json()
    status, after = api.answer("POST", address(alert, step), body)
    assert status == 200, after
    assert api.get(address(alert)).json() == after
    changes = {name: value for name, value in after.items() if value != before[name] and name != "log"}
    [logged, *rest] = after["log"]
    assert rest == before["log"]
    return changes, logged


def entries() -> list[tuple[Any, ...]]:
    """What members and programs did: step, actor, note."""
    with all_organizations():
        taken = AlertEntry.objects.exclude(step="opened").order_by("id")
        return list(taken.values_list("step", "actor__username", "note"))


def test_a_program_acknowledges(api: Api, alert: Alert, program: dict[str, Any]) -> None:
    assert take(api, alert, "acknowledge", note=" I call them. ") == (
        {"status": "acknowledged", "acknowledgedAt": AT, "acknowledgedBy": program},
        {
            "at": AT,
            "step": "acknowledged",
            "by": program,
            "from": {"status": "open"},
            "to": {"status": "acknowledged"},
            "note": "I call them.",
        },
    )


def test_a_program_acknowledges_for_a_member(api: Api, alert: Alert, ann: User, program: dict[str, Any]) -> None:
    by = program | {"member": ANN}
    changes, logged = take(api, alert, "acknowledge", actor="ann")
    assert (changes["acknowledgedBy"], logged["by"]) == (by, by)


def test_acknowledging_needs_no_body(api: Api, alert: Alert) -> None:
    assert api.call("POST", address(alert, "acknowledge")).json()["status"] == "acknowledged"


def test_an_alert_is_given_to_a_member_and_back(api: Api, alert: Alert, ann: User, program: dict[str, Any]) -> None:
    logged = {"at": AT, "step": "assigned", "by": program, "note": ""}
    for owner, before, after in (("Ann@acme.example", None, ANN), (None, ANN, None)):
        expected = {"owner": after}, logged | {"from": {"owner": before}, "to": {"owner": after}}
        assert take(api, alert, "assign", owner=owner) == expected


def test_an_alert_is_snoozed_until_a_time_and_woken(api: Api, alert: Alert, program: dict[str, Any]) -> None:
    changes, logged = take(api, alert, "snooze", until="2026-11-17T09:00:00+01:00")
    until = "2026-11-17T08:00:00Z"
    assert changes == {"status": "snoozed", "snoozedAt": AT, "snoozedUntil": until, "snoozedBy": program}
    assert logged["to"] == {"status": "snoozed", "until": "2026-11-17T08:00:00+00:00"}
    changes, logged = take(api, alert, "wake")
    assert changes == {"status": "open", "snoozedAt": None, "snoozedUntil": None, "snoozedBy": None}
    assert (logged["step"], logged["from"], logged["to"]) == ("woken", {"status": "snoozed"}, {"status": "open"})


def test_an_alert_is_snoozed_until_it_changes(api: Api, alert: Alert, program: dict[str, Any]) -> None:
    changes, logged = take(api, alert, "snooze", until=None)
    assert changes == {"status": "snoozed", "snoozedAt": AT, "snoozedBy": program}
    assert logged["to"] == {"status": "snoozed", "until": None}


def test_an_alert_is_resolved_and_reopened(api: Api, alert: Alert, program: dict[str, Any], at: Any) -> None:
    changes, logged = take(api, alert, "resolve")
    assert changes == {"status": "resolved", "resolvedAt": AT, "resolvedBy": program, "resolution": "by_hand"}
    assert (logged["step"], logged["by"]) == ("resolved", program)
    at.shift(timedelta(hours=1))
    changes, logged = take(api, alert, "reopen", note="Not yet.")
    assert changes == {
        "status": "open",
        "changedAt": "2026-11-16T13:00:00Z",
        "resolvedAt": None,
        "resolvedBy": None,
        "resolution": None,
    }
    assert (logged["step"], logged["note"]) == ("reopened", "Not yet.")


def test_a_note_is_added_in_any_state(api: Api, client_of_acme: Client, program: dict[str, Any]) -> None:
    alert = alert_of(client_of_acme, **OVER)
    logged = {"at": AT, "step": "noted", "by": program, "from": {}, "to": {}, "note": "Grüße 🎉"}
    assert take(api, alert, "note", note="Grüße 🎉") == ({}, logged)


def test_an_alert_is_judged(api: Api, alert: Alert, ann: User, program: dict[str, Any]) -> None:
    changes, logged = take(api, alert, "judge", verdict="noise", note="On holiday.", actor="ann")
    assert changes == {"verdict": "noise"}
    assert logged == {
        "at": AT,
        "step": "judged",
        "by": program | {"member": ANN},
        "from": {"verdict": ""},
        "to": {"verdict": "noise"},
        "note": "On holiday.",
    }


@pytest.mark.parametrize("step", ["assign", "wake", "reopen", "judge"])
def test_what_is_so_already_is_answered_and_not_logged(api: Api, client_of_acme: Client, step: str) -> None:
    alert = alert_of(client_of_acme, verdict="noise")
    before = api.get(address(alert)).json()
    assert api.answer("POST", address(alert, step), BODIES[step]) == (200, before)


def test_who_comes_second_is_told_who_was_first(
    api: Api, alert: Alert, ann: User, program: dict[str, Any], at: Any
) -> None:
    api.call("POST", address(alert, "acknowledge"), {"actor": "ann"})
    at.shift(timedelta(hours=1))
    after = api.get(address(alert)).json()
    response = api.call("POST", address(alert, "acknowledge"), {"note": "Mine."})
    told = (
        f"It was acknowledged before, on 2026-11-16 at 12:00 UTC by ann, by API key {program['key']}:"
        " assign it or leave a note."
    )
    assert (problem(response), response.json()) == (
        (409, "already_acknowledged"),
        {
            "type": "about:blank",
            "title": "already_acknowledged",
            "status": 409,
            "detail": told,
            "code": "already_acknowledged",
            "message": told,
            "by": program | {"member": ANN},
            "at": AT,
        },
    )
    assert api.get(address(alert)).json() == after


@pytest.mark.parametrize("step", ["acknowledge", "assign", "snooze", "wake", "resolve"])
def test_what_resolved_itself_takes_no_more_steps(api: Api, client_of_acme: Client, ann: User, step: str) -> None:
    alert = alert_of(client_of_acme, **OVER, acknowledged_at=NOW, acknowledged_by=ann)
    response = api.call("POST", address(alert, step), BODIES[step])
    assert problem(response) == (409, "already_resolved")
    told = response.json()
    assert (told["by"], told["at"]) == (None, "2026-11-16T09:00:00Z")
    assert told["detail"] == "It was resolved before, on 2026-11-16 at 09:00 UTC by itself: reopen it first."
    assert entries() == []


def test_an_alert_that_a_newer_one_follows_stays_resolved(api: Api, client_of_acme: Client) -> None:
    older = alert_of(client_of_acme, **OVER)
    alert_of(client_of_acme, opened_at=LATER)
    response = api.call("POST", address(older, "reopen"))
    assert problem(response) == (409, "newer_alert")
    assert (response.json()["by"], response.json()["at"]) == (None, None)


@pytest.mark.parametrize("step", BODIES)
def test_anothers_alert_is_like_one_that_is_not_there(
    api: Api, client_of_acme: Client, outsider: Organization, step: str
) -> None:
    foreign = alert_of(ClientFactory.create(organization=outsider))
    ids = [str(foreign.pk), str(foreign.pk + 1), "9" * 30, "x"]
    answers = [api.call("POST", address(each, step), BODIES[step]) for each in ids]
    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    assert len({answer.content for answer in answers}) == 1
    assert entries() == []


STRANGERS = ["stranger", "stranger@outsider.example", "nobody", "former", "gone", "twice@acme.example", "Ann", "  "]


@pytest.fixture
def _strangers(organization: Organization, outsider: Organization, ann: User) -> None:
    for place, username, changes in (
        (outsider, "stranger", {"email": "stranger@outsider.example"}),
        (organization, "gone", {"is_active": False}),
        (organization, "one", {"email": "twice@acme.example"}),
        (organization, "two", {"email": "Twice@acme.example"}),
    ):
        User.objects.filter(pk=member(place, username).pk).update(**changes)
    membership = MembershipFactory.create(organization=organization, user__username="former")
    with all_organizations():
        membership.delete()


@pytest.mark.parametrize("called", STRANGERS)
@pytest.mark.parametrize(("field", "step"), [("actor", "note"), ("owner", "assign")])
@pytest.mark.usefixtures("_strangers")
def test_who_is_not_one_member_neither_acts_nor_owns(
    api: Api, alert: Alert, field: str, step: str, called: str
) -> None:
    response = api.call("POST", address(alert, step), BODIES[step] | {field: called})
    assert problem(response) == (400, f"unknown_{field}")
    assert response.json()["detail"] == (
        f"{field}: there is not one member who is called so. Give a member's user name or email address."
    )
    assert entries() == []


@pytest.mark.usefixtures("_strangers")
def test_a_user_name_is_stronger_than_an_address(api: Api, alert: Alert, organization: Organization) -> None:
    member(organization, "twice@acme.example")
    changes, _ = take(api, alert, "assign", owner="twice@acme.example")
    assert changes["owner"]["username"] == "twice@acme.example"


@pytest.mark.parametrize(
    "until",
    [
        *("2026-11-16T12:00:00Z", "2026-11-16T11:59:59Z", "2036-11-15T12:00:01Z", "1900-01-01T00:00:00Z"),
        *("2999-12-31T23:59:59Z",),
    ],
)
def test_a_snooze_ends_within_ten_years(api: Api, alert: Alert, until: str) -> None:
    assert problem(api.call("POST", address(alert, "snooze"), {"until": until})) == (400, "invalid_until")
    assert entries() == []


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("acknowledge", {"note": "x" * 5_001}),
        ("acknowledge", {"note": None}),
        ("acknowledge", {"note": 5}),
        ("acknowledge", {"actor": ""}),
        ("acknowledge", {"actor": 5}),
        ("acknowledge", {"actor": "x" * 321}),
        ("acknowledge", {"by": "ann"}),
        ("assign", {}),
        ("assign", {"owner": ""}),
        ("assign", {"owner": ["ann"]}),
        ("snooze", {}),
        ("snooze", {"until": "0001-01-01T00:00:00Z"}),
        ("snooze", {"until": "9999-12-31T23:59:59Z"}),
        ("snooze", {"until": "tomorrow"}),
        ("snooze", {"until": 5}),
        ("note", {}),
        ("note", {"note": "  "}),
        ("judge", {}),
        ("judge", {"verdict": "great"}),
        ("judge", {"verdict": None}),
        ("wake", {"until": None}),
    ],
)
def test_what_no_step_can_be_is_refused_by_name(api: Api, alert: Alert, step: str, body: dict[str, Any]) -> None:
    response = api.call("POST", address(alert, step), body)
    assert problem(response) == (400, "invalid")
    [field] = response.json()["errors"]
    assert field in (body or BODIES[step])
    assert entries() == []


@pytest.mark.parametrize("body", [b'{"note": "\\u0000"}', b"[]", b"{", b'{"note": "a", "note": "b"}'])
def test_a_body_that_cannot_be_read_is_refused(api: Api, alert: Alert, body: bytes) -> None:
    assert problem(api.call("POST", address(alert, "note"), body))[0] == 400
    assert entries() == []


def test_a_long_note_is_kept_whole(api: Api, alert: Alert) -> None:
    _, logged = take(api, alert, "note", note="x" * 5_000)
    assert logged["note"] == "x" * 5_000


@pytest.mark.parametrize("step", BODIES)
def test_a_step_is_posted_with_a_secret_key(api: Api, alert: Alert, write_key: NewKey, step: str) -> None:
    assert problem(Api(write_key.secret).call("POST", address(alert, step), BODIES[step]))[0] == 401
    assert problem(api.get(address(alert, step))) == (405, "method_not_allowed")
    assert entries() == []
