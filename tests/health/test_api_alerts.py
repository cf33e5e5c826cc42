"""Alerts over the REST API: what is listed, found and read."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import travel

from accounts.api_keys import NewKey
from accounts.models import Client, Organization, User
from health.models import Alert
from tests.factories import ClientFactory
from tests.health.alert_rows import NOW, SILENT, alert_of, entry_of
from tests.health.watched_clients import member
from tests.success.api_calls import Api, problem

ALERTS = "/api/v1/alerts"
LATER = NOW + timedelta(hours=3)
HOUR = timedelta(hours=1)
TASK = {"matter": "tasks", "kind": "task_stalled", "severity": 2, "evidence": {"updatedAt": "2026-11-13T08:00:00Z"}}
OVER = {"resolved_at": LATER, "ended_at": LATER, "resolution": "condition_ended"}


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(LATER, tick=False):
        yield


@pytest.fixture
def ann(organization: Organization) -> User:
    user = member(organization, "ann")
    User.objects.filter(pk=user.pk).update(first_name="Ann", last_name="Lee", email="Ann@Acme.example")
    return user


ANN = {"username": "ann", "name": "Ann Lee", "email": "Ann@Acme.example"}


def plain(alert: Alert) -> dict[str, Any]:
    """An alert of user-1 that nobody has done anything with."""
    return {
        "id": str(alert.pk),
        "clientId": "user-1",
        "kind": "zero_activity",
        "matter": "silence",
        "severity": "critical",
        "status": "open",
        "sentence": "No activity since Nov. 13, 2026, 9 a.m.",
        "evidence": SILENT,
        "openedAt": "2026-11-16T09:00:00Z",
        "changedAt": "2026-11-16T09:00:00Z",
        "reopenedCount": 0,
        "owner": None,
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "snoozedAt": None,
        "snoozedUntil": None,
        "snoozedBy": None,
        "resolvedAt": None,
        "resolvedBy": None,
        "resolution": None,
        "verdict": None,
        "url": f"http://localhost:8000/admin/health/alert/{alert.pk}/change/",
    }


def test_alerts_are_listed_the_newest_first(api: Api, client_of_acme: Client, outsider: Organization) -> None:
    older, newer = alert_of(client_of_acme), alert_of(client_of_acme, **TASK)
    alert_of(ClientFactory.create(organization=outsider))
    assert api.get(ALERTS).json() == {
        "results": [
            plain(newer)
            | {
                "kind": "task_stalled",
                "matter": "tasks",
                "severity": "warning",
                "sentence": "A task in progress has not been updated since Nov. 13, 2026, 9 a.m.",
                "evidence": {"updatedAt": "2026-11-13T08:00:00Z"},
            },
            plain(older),
        ],
        "next": None,
    }


def test_the_sentence_is_the_same_whatever_language_a_program_accepts(api: Api, client_of_acme: Client) -> None:
    alert = alert_of(client_of_acme)
    response = api.call("GET", f"{ALERTS}/{alert.pk}", **{"Accept-Language": "de"})
    assert response.json()["sentence"] == "No activity since Nov. 13, 2026, 9 a.m."


def test_an_alert_tells_what_members_did(api: Api, client_of_acme: Client, ann: User) -> None:
    alert = alert_of(
        client_of_acme, owner=ann, acknowledged_at=NOW, acknowledged_by=ann, reopened_count=2, verdict="useful",
        resolved_at=LATER, resolved_by=ann, resolution="by_hand",
    )  # fmt: skip
    entry_of(alert, step="acknowledged", at=NOW, actor=ann, api_key="Slack bot (sk_12345…)")
    entry_of(alert, step="resolved", at=LATER, actor=ann)
    assert api.listed(ALERTS) == [
        plain(alert)
        | {
            "status": "resolved",
            "reopenedCount": 2,
            "owner": ANN,
            "acknowledgedAt": "2026-11-16T09:00:00Z",
            "acknowledgedBy": {"member": ANN, "key": "Slack bot (sk_12345…)"},
            "resolvedAt": "2026-11-16T12:00:00Z",
            "resolvedBy": {"member": ANN, "key": None},
            "resolution": "by_hand",
            "verdict": "useful",
        }
    ]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, {"status": "snoozed", "snoozedAt": "2026-11-16T09:00:00Z"}),
        (
            LATER + HOUR,
            {"status": "snoozed", "snoozedAt": "2026-11-16T09:00:00Z", "snoozedUntil": "2026-11-16T13:00:00Z"},
        ),
        (LATER, {"status": "open"}),
    ],
)
def test_a_snooze_is_told_while_it_lasts(
    api: Api, client_of_acme: Client, until: Any, expected: dict[str, Any]
) -> None:
    alert = alert_of(client_of_acme, snoozed_at=NOW, snoozed_until=until)
    entry_of(alert, step="snoozed", at=NOW, api_key="Bot")
    by = {"snoozedBy": {"member": None, "key": "Bot"}} if "snoozedAt" in expected else {}
    assert api.listed(ALERTS) == [plain(alert) | expected | by]


def test_one_alert_brings_its_log(api: Api, client_of_acme: Client, ann: User) -> None:
    alert = alert_of(client_of_acme)
    entry_of(
        alert, step="escalated", at=NOW + HOUR,
        before={"kind": "inactivity", "severity": 2, "acknowledgedBy": ann.pk},
        after={"kind": "zero_activity", "severity": 3},
    )  # fmt: skip
    entry_of(alert, step="assigned", at=LATER, actor=ann, before={"owner": None}, after={"owner": ann.pk}, note="Mine.")
    answer = api.get(f"{ALERTS}/{alert.pk}").json()
    log = [
        {
            "at": "2026-11-16T12:00:00Z",
            "step": "assigned",
            "by": {"member": ANN, "key": None},
            "from": {"owner": None},
            "to": {"owner": ANN},
            "note": "Mine.",
        },
        {
            "at": "2026-11-16T10:00:00Z",
            "step": "escalated",
            "by": None,
            "from": {"kind": "inactivity", "severity": "warning", "acknowledgedBy": ANN},
            "to": {"kind": "zero_activity", "severity": "critical"},
            "note": "",
        },
        {"at": "2026-11-16T09:00:00Z", "step": "opened", "by": None, "from": {}, "to": {}, "note": ""},
    ]
    assert answer == plain(alert) | {"log": log, "logIsCut": False}


@pytest.mark.parametrize(("notes", "is_cut"), [(199, False), (200, True)])
def test_a_long_log_is_cut_and_says_so(api: Api, client_of_acme: Client, notes: int, is_cut: bool) -> None:
    alert = alert_of(client_of_acme)
    for number in range(notes):
        entry_of(alert, step="noted", at=LATER, note=str(number))
    answer = api.get(f"{ALERTS}/{alert.pk}").json()
    assert (len(answer["log"]), answer["log"][0]["note"], answer["logIsCut"]) == (200, str(notes - 1), is_cut)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "open acknowledged snoozed resolved"),
        ({"status": "open"}, "open"),
        ({"status": "acknowledged"}, "acknowledged"),
        ({"status": "snoozed"}, "snoozed"),
        ({"status": "resolved"}, "resolved"),
        ({"status": "open,resolved"}, "open resolved"),
        ({"status": "open,acknowledged,snoozed"}, "open acknowledged snoozed"),
        ({"kind": "task_stalled"}, "acknowledged"),
        ({"kind": "task_stalled,score_drop"}, "acknowledged snoozed"),
        ({"matter": "silence"}, "open"),
        ({"matter": "churn,tasks"}, "acknowledged resolved"),
        ({"severity": "critical"}, "open"),
        ({"severity": "warning,info"}, "acknowledged snoozed resolved"),
        ({"owner": "ann"}, "acknowledged"),
        ({"owner": "ann@acme.EXAMPLE"}, "acknowledged"),
        ({"owner": "ANN"}, ""),
        ({"owner": "none"}, "open snoozed resolved"),
        ({"owner": "stranger"}, ""),
        ({"openedSince": "2026-11-16T12:00:00Z"}, "snoozed"),
        ({"openedSince": "2026-11-16T13:00:00+01:00"}, "snoozed"),
        ({"openedSince": "2026-11-16T12:00:01Z"}, ""),
        ({"changedSince": "2026-11-16T12:00:00Z"}, "acknowledged snoozed"),
        ({"resolvedSince": "2026-11-16T12:00:00Z"}, "resolved"),
        ({"resolvedSince": "2026-11-16T12:00:01Z"}, ""),
        ({"clientId": "other"}, "resolved"),
        ({"status": "open", "severity": "warning"}, ""),
    ],
)
def test_alerts_are_found(
    api: Api, client_of_acme: Client, outsider: Organization, ann: User, query: dict[str, str], expected: str
) -> None:
    other = ClientFactory.create(organization=client_of_acme.organization, external_id="other")
    alerts = {
        "open": alert_of(client_of_acme),
        "acknowledged": alert_of(client_of_acme, **TASK, acknowledged_at=NOW, owner=ann, changed_at=LATER),
        "snoozed": alert_of(
            client_of_acme, matter="score", kind="score_drop", severity=2, snoozed_at=NOW, acknowledged_at=NOW,
            evidence={"scoreBefore": 70, "periodEndBefore": "2026-11-09", "score": 40, "periodEnd": "2026-11-16"},
            opened_at=LATER, changed_at=LATER,
        ),
        "resolved": alert_of(
            other, matter="churn", kind="churn_risk", severity=1, **OVER,
            evidence={"score": 30, "scoreBefore": 36, "periodEnd": "2026-11-16", "change": -6, "changeBefore": -7},
        ),
    }  # fmt: skip
    alert_of(ClientFactory.create(organization=outsider), owner=member(outsider, "stranger"))
    names = {str(alert.pk): name for name, alert in alerts.items()}
    assert [names[alert["id"]] for alert in reversed(api.listed(ALERTS, **query))] == expected.split()


def test_pages_stay_true_while_alerts_open(api: Api, organization: Organization) -> None:
    clients = ClientFactory.create_batch(5, organization=organization)
    ids = [str(alert_of(client).pk) for client in clients]
    first = api.get(ALERTS, limit=2).json()
    alert_of(ClientFactory.create(organization=organization))
    second = api.get(ALERTS, limit=2, cursor=first["next"]).json()
    alert_of(ClientFactory.create(organization=organization))
    third = api.get(ALERTS, limit=2, cursor=second["next"]).json()
    assert [alert["id"] for page in (first, second, third) for alert in page["results"]] == ids[::-1]
    assert third["next"] is None
    assert len(api.listed(ALERTS, limit=3, status="open")) == 7


def test_the_list_takes_the_same_queries_for_one_and_for_three(
    api: Api, organization: Organization, outsider: Organization, ann: User
) -> None:
    api.get(ALERTS)
    taken = []
    for number in range(3):
        client = ClientFactory.create(organization=organization)
        ben = member(organization, f"ben-{number}")
        alert = alert_of(client, acknowledged_at=NOW, acknowledged_by=ben, owner=ann)
        entry_of(alert, step="acknowledged", at=NOW, actor=ben, api_key="Bot")
        alert_of(ClientFactory.create(organization=outsider))
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(ALERTS, status="open,acknowledged").json()["results"]) == number + 1
        taken.append(len(queries))
    assert taken == [10] * 3


def test_the_order_of_the_list_is_that_of_an_index(organization: Organization, scoped: Organization) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        newest = Alert.objects.filter(organization=organization, pk__lt=2**62).order_by("-pk")[:51]
        plan = newest.explain()
    assert "Index Scan Backward using health_alert_tenant_key" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(
    "query",
    [
        {"status": ""},
        {"status": "open,"},
        {"status": "OPEN"},
        {"status": "open;resolved"},
        {"status": "closed"},
        {"severity": "3"},
        {"severity": "critical,,info"},
        {"kind": "silence"},
        {"kind": "x" * 5_000},
        {"matter": "inactivity"},
        {"owner": ""},
        {"owner": "a\0b"},
        {"owner": "x" * 321},
        {"openedSince": "0001-01-01T00:00:00Z"},
        {"changedSince": "9999-12-31T23:59:59Z"},
        {"changedSince": "yesterday"},
        {"state": "open"},
        {"limit": "101"},
    ],
)
@pytest.mark.usefixtures("client_of_acme")
def test_what_cannot_be_asked_is_refused_by_name(api: Api, query: dict[str, str]) -> None:
    response = api.get(ALERTS, **query)
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == list(query)


@pytest.mark.usefixtures("client_of_acme")
def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    assert problem(api.get(ALERTS, cursor="WzEsMl0")) == (400, "invalid_cursor")


def test_alerts_of_a_client_that_is_not_there_and_of_anothers(
    api: Api, client_of_acme: Client, outsider: Organization
) -> None:
    foreign = ClientFactory.create(organization=outsider, external_id="foreign")
    alert_of(foreign)
    answers = [api.get(ALERTS, clientId=each) for each in ("foreign", "nobody")]
    assert [problem(answer) for answer in answers] == [(404, "not_found")] * 2
    assert answers[0].content == answers[1].content


def test_anothers_alert_is_like_one_that_is_not_there(api: Api, client_of_acme: Client, outsider: Organization) -> None:
    foreign = alert_of(ClientFactory.create(organization=outsider))
    ids = [str(foreign.pk), str(foreign.pk + 1), "0", "-1", "x", "٣", "9" * 19, "9" * 30, "%00", "1.0"]
    answers = [api.get(f"{ALERTS}/{each}") for each in ids]
    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    assert len({answer.content for answer in answers}) == 1


def test_a_write_key_reads_no_alerts(client_of_acme: Client, write_key: NewKey) -> None:
    alert = alert_of(client_of_acme)
    for path in (ALERTS, f"{ALERTS}/badge", f"{ALERTS}/{alert.pk}"):
        assert problem(Api(write_key.secret).get(path)) == (401, "authentication_failed")


def test_the_badge_counts_open_alerts(api: Api, client_of_acme: Client, outsider: Organization) -> None:
    alert_of(client_of_acme)
    alert_of(client_of_acme, **TASK)
    alert_of(client_of_acme, matter="churn", kind="churn_risk", acknowledged_at=NOW)
    alert_of(ClientFactory.create(organization=outsider))
    assert api.get(f"{ALERTS}/badge").json() == {
        "total": 2,
        "bySeverity": {"critical": 1, "warning": 1, "info": 0},
        "url": "http://localhost:8000/admin/health/alert/",
    }
