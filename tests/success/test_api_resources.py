"""Scores of all clients, insights, milestones, feedback, churn and events."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from accounts.models import AuditEntry, Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.models import Churn, Feedback, Insight, Milestone, MilestoneDefinition
from telemetry.incoming import IncomingEvent
from telemetry.models import Event
from telemetry.recording import record_events
from tests.factories import ClientFactory
from tests.gates.rows import make_row
from tests.success.api_calls import Api, problem
from tests.success.scored_clients import PERIOD_END, add_score

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
MONDAY = date(2026, 11, 16)
CHURN = "/api/v1/clients/user-1/churn"
FEEDBACK = "/api/v1/feedback"


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def insight(client_of_acme: Client) -> Insight:
    with all_organizations():
        return Insight.objects.create(
            organization=client_of_acme.organization, client=client_of_acme, kind="achievement", period_end=MONDAY,
            priority=3, created_at=NOW, expires_at=NOW + timedelta(days=28), action_url="/client/dashboard/success",
            evidence={"from": "2026-11-09", "to": "2026-11-15", "contentGenerated": 3, "visualsCreated": 0},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [("b", "2026-01-12"), ("a", "2026-01-12"), ("a", "2026-01-05")]),
        ({"periodEnd": "2026-01-05"}, [("a", "2026-01-05")]),
        ({"periodFrom": "2026-01-06"}, [("b", "2026-01-12"), ("a", "2026-01-12")]),
        ({"periodTo": "2026-01-06"}, [("a", "2026-01-05")]),
        ({"band": "good"}, [("b", "2026-01-12")]),
        ({"clientId": "a"}, [("a", "2026-01-12"), ("a", "2026-01-05")]),
    ],
)
def test_scores_of_all_clients(
    api: Api, organization: Organization, query: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    a, b = (ClientFactory.create(organization=organization, external_id=each) for each in "ab")
    add_score(a, period_end=PERIOD_END - timedelta(days=7), overall=50)
    add_score(a)
    add_score(b, overall=70, band="good")
    found = api.listed("/api/v1/scores", **query)
    assert [(score["clientId"], score["periodEnd"]) for score in found] == expected
    assert {score["change"] for score in found if score["clientId"] == "a"} <= {5, None}


def test_an_insight_is_shown_as_a_whole(api: Api, insight: Insight) -> None:
    body = api.get(f"/api/v1/insights/{insight.pk}").json()
    assert body.pop("title")
    assert body.pop("body")
    assert body == {
        "id": str(insight.pk),
        "type": "achievement",
        "status": "unread",
        "priority": "high",
        "evidence": insight.evidence,
        "actionUrl": "http://localhost:8000/client/dashboard/success",
        "createdAt": "2026-11-16T12:00:00Z",
        "clientId": "user-1",
        "periodEnd": "2026-11-16",
        "expiresAt": "2026-12-14T12:00:00Z",
    }
    [listed] = api.listed("/api/v1/insights", type="achievement", status="unread", periodEnd="2026-11-16")
    assert body.items() <= listed.items()


def test_an_insight_speaks_the_clients_language(api: Api, insight: Insight) -> None:
    address = f"/api/v1/insights/{insight.pk}"
    english = api.call("GET", address).json()["body"]
    german = api.call("GET", address, **{"Accept-Language": "de"}).json()["body"]
    assert english != german
    with all_organizations():
        Client.objects.update(language="de")
    assert api.call("GET", address).json()["body"] == german


@pytest.mark.parametrize(("action", "status"), [("mark-read", "read"), ("dismiss", "dismissed"), ("act", "acted_on")])
def test_an_insight_is_acted_on(api: Api, insight: Insight, action: str, status: str) -> None:
    for _ in range(2):
        answer = api.answer("PATCH", f"/api/v1/insights/{insight.pk}", {"action": action})
        assert (answer[0], answer[1]["status"]) == (200, status)
    assert api.listed("/api/v1/insights", status="unread") == []


@pytest.mark.parametrize("body", [{}, {"action": "fly"}, {"action": None}, {"action": "act", "id": 1}])
def test_what_is_no_action_is_refused(api: Api, insight: Insight, body: Any) -> None:
    assert problem(api.call("PATCH", f"/api/v1/insights/{insight.pk}", body)) == (400, "invalid")


def test_milestones_that_were_reached(api: Api, client_of_acme: Client, outsider: Organization) -> None:
    organization = client_of_acme.organization
    with all_organizations():
        definition = MilestoneDefinition.objects.create(
            organization=organization, key="ten", title="Ten", measure="events", threshold=10, reward_kind="code",
            reward="TEN",
        )  # fmt: skip
        reached = {"definition": definition, "threshold": 10, "value": 11, "reached_on": MONDAY, "detected_at": NOW}
        made = Milestone.objects.create(organization=organization, client=client_of_acme, **reached)
        Milestone.objects.create(organization=organization, client=None, **reached)
    make_row(Milestone, outsider)
    shown = {
        "id": str(made.pk),
        "key": "ten",
        "clientId": "user-1",
        "title": "Ten",
        "threshold": 10,
        "value": 11,
        "reachedOn": "2026-11-16",
        "detectedAt": "2026-11-16T12:00:00Z",
        "celebratedAt": None,
        "reward": "",
        "rewardGivenAt": None,
    }
    assert api.listed("/api/v1/milestones", key="ten", reachedFrom="2026-11-16", reachedTo="2026-11-16") == [shown]
    assert api.listed("/api/v1/milestones", reachedTo="2026-11-15") == []
    assert [each["clientId"] for each in api.listed("/api/v1/milestones", subject="organization")] == [None]
    with all_organizations():
        Milestone.objects.filter(pk=made.pk).update(reward_given_at=NOW)
    assert api.listed("/api/v1/milestones") == [shown | {"reward": "TEN", "rewardGivenAt": "2026-11-16T12:00:00Z"}]


def test_an_own_definition_stands_in_for_the_platforms(api: Api, organization: Organization) -> None:
    before = {each["key"]: each for each in api.listed("/api/v1/milestone-definitions", limit=100)}
    key = next(key for key, each in before.items() if each["subject"] == "client")
    with all_organizations():
        MilestoneDefinition.objects.create(
            organization=organization, key=key, title="Ours", measure="events", threshold=3
        )
    after = {each["key"]: each for each in api.listed("/api/v1/milestone-definitions", limit=100)}
    assert after.keys() == before.keys()
    assert (after[key]["title"], after[key]["threshold"], after[key]["isPlatformDefault"]) == ("Ours", 3, False)
    assert all(each["isPlatformDefault"] for each in before.values())
    assert "installation" not in {each["subject"] for each in before.values()}


def test_feedback_is_entered_and_found(api: Api, client_of_acme: Client) -> None:
    given = {"kind": "nps", "rating": 9, "comment": "Fine 💜", "givenAt": "2026-11-01T08:00:00Z"}
    status, made = api.answer("POST", FEEDBACK, {"clientId": "user-1"} | given)
    assert (status, made) == (201, given | {"id": made["id"], "clientId": "user-1", "channel": "api"})
    api.call("POST", FEEDBACK, {"clientId": "user-1", "kind": "csat", "rating": 1})
    assert [each["givenAt"] for each in api.listed(FEEDBACK)] == ["2026-11-16T12:00:00Z", "2026-11-01T08:00:00Z"]
    assert api.listed(FEEDBACK, kind="nps", channel="api", givenFrom="2026-11-01T08:00:00Z") == [made]
    assert api.listed(FEEDBACK, givenBefore="2026-11-01T08:00:00Z") == []


@pytest.mark.parametrize(
    "change",
    [
        {"rating": 11},
        {"rating": -1},
        {"rating": "9"},
        {"rating": 9.0},
        {"rating": True},
        {"rating": 10**30},
        {"kind": "csat", "rating": 0},
        {"kind": "csat", "rating": 6},
        {"kind": "ces"},
        {"comment": "x" * 2_001},
        {"comment": 5},
        {"givenAt": "2026-11-16T12:06:00Z"},
        {"givenAt": "1969-12-31T23:59:59Z"},
        {"givenAt": "9999-12-31T23:59:59Z"},
        {"givenAt": 5},
        {"channel": "dashboard"},
        {"clientId": "nobody"},
    ],
)
def test_what_cannot_be_feedback_is_refused(api: Api, client_of_acme: Client, change: dict[str, Any]) -> None:
    said = {"clientId": "user-1", "kind": "nps", "rating": 9} | change
    assert problem(api.call("POST", FEEDBACK, said))[0] == (404 if "clientId" in change else 400)
    with all_organizations():
        assert not Feedback.objects.exists()


@pytest.mark.usefixtures("outsider")
def test_a_client_leaves_and_comes_back(api: Api, client_of_acme: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(signed_up_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert problem(api.get(CHURN)) == (404, "not_found")
    left = {"churnedOn": "2026-11-02", "reason": "Price"}
    shown = left | {"clientId": "user-1", "markedAt": "2026-11-16T12:00:00Z"}
    for _ in range(2):
        assert api.answer("PUT", CHURN, left) == (200, shown)
    assert api.get(CHURN).json() == shown
    assert api.listed("/api/v1/churn", churnedFrom="2026-11-02", churnedTo="2026-11-02") == [shown]
    assert api.listed("/api/v1/churn", churnedTo="2026-11-01") == []
    for _ in range(2):
        assert api.answer("DELETE", CHURN) == (204, None)
    assert api.listed("/api/v1/churn") == []
    with all_organizations():
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions[-2:] == ["client.churn_marked", "client.churn_unmarked"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"churnedOn": "2026-11-18"},
        {"churnedOn": "0001-01-01"},
        {"churnedOn": "9999-12-31"},
        {"churnedOn": "1999-01-01"},
        {"churnedOn": None},
        {"churnedOn": "2026-11-16", "reason": "x" * 501},
        {"churnedOn": "2026-11-16", "reason": 5},
        {"churnedOn": "2026-11-16", "why": "Price"},
    ],
)
def test_what_cannot_be_churn_is_refused(api: Api, client_of_acme: Client, body: Any) -> None:
    assert problem(api.call("PUT", CHURN, body))[0] == 400
    with all_organizations():
        assert not Churn.objects.exists()


def test_events_are_listed_by_day_and_type(api: Api, client_of_acme: Client, outsider: Organization) -> None:
    # In Berlin the first is on the 10th, a minute after midnight.
    times = {"m1": ("login", "2026-11-09T23:01:00Z"), "m2": ("audit_created", "2026-11-15T22:59:00Z")}
    events = [
        IncomingEvent(message_id=key, name=name, external_id="user-1", stated_at=at, data={"n": 1})
        for key, (name, at) in times.items()
    ]
    for organization_id in (client_of_acme.organization_id, outsider.pk):
        record_events(organization_id, events, received_at=NOW)
    address = "/api/v1/clients/user-1/events"
    second, first = api.listed(address)
    assert (first["day"], second["day"], second["type"]) == ("2026-11-10", "2026-11-15", "task_completed")
    assert first == {
        "messageId": "m1",
        "name": "login",
        "type": "login",
        "day": "2026-11-10",
        "occurredAt": "2026-11-09T23:01:00Z",
        "receivedAt": "2026-11-16T12:00:00Z",
        "success": True,
        "data": {"n": 1},
        "path": "",
        "sessionId": "",
        "durationSeconds": None,
    }
    assert api.listed(address, **{"from": "2026-11-10", "to": "2026-11-10"}) == [first]
    assert api.listed(address, **{"from": "2026-11-11"}) == [second]
    assert api.listed(address, to="2026-11-09") == []
    assert api.listed(address, type="task_completed") == api.listed(address, name="audit_created") == [second]
    with organization_scope(client_of_acme.organization_id):
        assert Event.objects.count() == 2


@pytest.mark.parametrize("query", ["from=x", "from=0001-01-01", "to=9999-12-31", "to=2026-1-1", "type=x", "name="])
def test_what_no_events_can_be_asked_by_is_refused(api: Api, client_of_acme: Client, query: str) -> None:
    assert problem(api.call("GET", f"/api/v1/clients/user-1/events?{query}")) == (400, "invalid")
