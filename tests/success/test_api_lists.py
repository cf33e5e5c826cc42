"""What all lists of the API have in common: pages, filters, refusals, a fixed number of queries."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Churn, Feedback, Insight, Milestone, MilestoneDefinition, Task
from telemetry.models import Event
from tests.factories import ClientFactory
from tests.gates.rows import MAKERS, MONDAY, NOW, TODAY, marked
from tests.success.api_calls import Api, problem
from tests.success.scored_clients import add_score

LISTS = {
    "clients": "/api/v1/clients",
    "scores": "/api/v1/scores",
    "tasks": "/api/v1/tasks",
    "insights": "/api/v1/insights",
    "milestones": "/api/v1/milestones",
    "definitions": "/api/v1/milestone-definitions",
    "feedback": "/api/v1/feedback",
    "churn": "/api/v1/churn",
    "events": "/api/v1/clients/user-1/events",
}
OF_CLIENTS = ("scores", "tasks", "insights", "milestones", "feedback")


def add_rows(client: Client, number: int) -> None:
    """One row more for each list, all at the same times, so that only their ids tell them apart."""
    organization = client.organization
    definition: Any = MAKERS["success.MilestoneDefinition"](organization)
    of_client: dict[str, Any] = {"organization": organization, "client": client}
    add_score(client, period_end=MONDAY - timedelta(weeks=number))
    Task.objects.create(**of_client, title=str(number), created_at=NOW, updated_at=NOW)
    Feedback.objects.create(**of_client, kind="nps", rating=number % 11, given_at=NOW)
    Insight.objects.create(
        **of_client, kind="tip", period_end=MONDAY - timedelta(weeks=number), created_at=NOW, expires_at=NOW,
        evidence={"from": "2026-11-09", "to": "2026-11-15", "onboardingDone": 3, "onboardingTasks": 4},
    )  # fmt: skip
    Milestone.objects.create(
        **of_client, definition=definition, threshold=1, value=number, reached_on=TODAY, detected_at=NOW
    )
    Event.objects.create(
        **of_client, message_id=marked(organization), call="track", name="login", base_type="login",
        category="engagement", occurred_at=NOW, received_at=NOW, received_month=TODAY.replace(day=1),
    )  # fmt: skip
    other = ClientFactory.create(organization=organization)
    Churn.objects.create(organization=organization, client=other, churned_on=TODAY, marked_at=NOW)


@pytest.fixture
def _three_of_each(client_of_acme: Client, outsider: Organization) -> None:
    with all_organizations():
        for number in range(3):
            add_rows(client_of_acme, number)
        foreign = ClientFactory.create(organization=outsider)
        for number in range(3):
            add_rows(foreign, number)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("_three_of_each")
def test_pages_of_one_are_the_whole_list(api: Api, name: str) -> None:
    [whole] = api.pages(LISTS[name], limit=100)
    assert len(whole) >= 3
    assert api.pages(LISTS[name], limit=1) == [[row] for row in whole]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("_three_of_each")
def test_a_row_that_comes_or_goes_moves_no_page(api: Api, name: str, client_of_acme: Client) -> None:
    [whole] = api.pages(LISTS[name], limit=100)
    first = api.get(LISTS[name], limit=1).json()
    with all_organizations():
        add_rows(ClientFactory.create(organization=client_of_acme.organization), 0)
    rest = api.get(LISTS[name], limit=100, cursor=first["next"]).json()["results"]
    assert first["results"] + rest == whole


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_the_same_queries_for_one_and_for_three(
    api: Api, name: str, client_of_acme: Client, outsider: Organization
) -> None:
    api.get(LISTS[name])
    taken = []
    for rows in (1, 3):
        with all_organizations():
            for number in range(rows):
                add_rows(client_of_acme, number + rows * 10)
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(LISTS[name]).json()["results"]) >= rows
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 12


@pytest.mark.parametrize("name", LISTS)
def test_nothing_is_an_empty_page(api: Api, name: str, client_of_acme: Client) -> None:
    with all_organizations():
        MilestoneDefinition.objects.all().delete()
        if name == "clients":
            client_of_acme.delete()
    assert api.get(LISTS[name]).json() == {"results": [], "next": None}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("client_of_acme")
def test_an_unknown_parameter_is_refused_by_name(api: Api, name: str) -> None:
    response = api.get(LISTS[name], limt=5, limit=5)
    assert problem(response) == (400, "invalid")
    assert list(response.json()["errors"]) == ["limt"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("client_of_acme")
def test_a_parameter_is_given_once(api: Api, name: str) -> None:
    response = api.call("GET", f"{LISTS[name]}?limit=5&limit=6")
    assert (response.status_code, list(response.json()["errors"])) == (400, ["limit"])


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


BAD_CURSORS = [
    *("x", "!", "💜", "W10", "e30", "bnVsbA", "_" * 9_000),
    cursor(1, 2, 3, 4),
    cursor(None),
    cursor("1"),
    cursor(True),
    cursor(10**400),
    cursor(2**63),
    cursor(1.5, 1),
    cursor(1, "2026-02-30"),
    cursor(1, "x\0"),
    cursor("0001-01-01T00:00:00+14:00", "x"),
    cursor([[1]], {}),
    base64.urlsafe_b64encode(b"[" * 50_000).decode(),
]


BAD_QUERIES = [
    *("limit=0", "limit=101", "limit=x", "limit=", "limit=1e1", "limit=" + "9" * 5_000),
    *("cursor=", "cursor=%00", "a=1"),
]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("client_of_acme")
def test_what_is_no_cursor_is_refused(api: Api, name: str) -> None:
    answers = {bad[:99]: problem(api.get(LISTS[name], cursor=bad)) for bad in BAD_CURSORS}
    assert answers == dict.fromkeys(answers, (400, "invalid_cursor"))


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("client_of_acme")
def test_what_no_page_can_be_is_refused(api: Api, name: str) -> None:
    answers = {query[:99]: problem(api.call("GET", f"{LISTS[name]}?{query}")) for query in BAD_QUERIES}
    assert answers == dict.fromkeys(answers, (400, "invalid"))


@pytest.mark.parametrize("name", OF_CLIENTS)
@pytest.mark.usefixtures("_three_of_each")
def test_rows_of_one_client(api: Api, name: str, organization: Organization) -> None:
    other = ClientFactory.create(organization=organization, external_id="other")
    with all_organizations():
        add_rows(other, 0)
    assert [row["clientId"] for row in api.listed(LISTS[name], clientId="other")] == ["other"]
    assert len(api.listed(LISTS[name])) == 4


@pytest.mark.parametrize("name", OF_CLIENTS)
def test_rows_of_a_client_that_is_not_there_and_of_anothers(
    api: Api, name: str, client_of_acme: Client, outsider: Organization
) -> None:
    ClientFactory.create(organization=outsider, external_id="foreign")
    foreign, missing = (api.get(LISTS[name], clientId=each) for each in ("foreign", "nobody"))
    assert problem(foreign) == (404, "not_found")
    assert foreign.content == missing.content
