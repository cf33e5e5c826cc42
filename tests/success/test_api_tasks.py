from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from urllib.parse import quote

import pytest
from django.db import IntegrityError, connection
from time_machine import travel

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.client_task_changes import put_task
from success.models import Task
from tests.database import wait_for_a_waiter
from tests.factories import ClientFactory, OrganizationFactory
from tests.success.api_calls import Api, problem

TASKS = "/api/v1/tasks"
TASK = "/api/v1/clients/user-1/tasks/task-1"
NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
NEW = {
    "clientId": "user-1",
    "externalId": "",
    "title": "Set up",
    "status": "todo",
    "onboarding": False,
    "dueOn": None,
    "createdAt": "2026-11-16T12:00:00Z",
    "updatedAt": "2026-11-16T12:00:00Z",
    "completedAt": None,
}


@pytest.fixture
def at() -> Any:
    with travel(NOW, tick=False) as clock:
        yield clock


def titles(api: Api, **query: Any) -> list[str]:
    return sorted(task["title"] for task in api.listed(TASKS, **query))


@pytest.mark.usefixtures("at", "client_of_acme")
def test_a_task_is_created_read_changed_and_deleted(api: Api) -> None:
    status, made = api.answer("POST", TASKS, {"clientId": "user-1", "title": " Set up "})
    assert (status, made) == (201, NEW | {"id": made["id"]})
    address = f"{TASKS}/{made['id']}"
    assert api.get(address).json() == made
    change = {"status": "done", "onboarding": True, "dueOn": "2026-12-24"}
    assert api.answer("PATCH", address, change) == (200, made | change | {"completedAt": "2026-11-16T12:00:00Z"})
    assert api.answer("DELETE", address) == (204, None)
    assert problem(api.get(address)) == (404, "not_found")


@pytest.mark.usefixtures("client_of_acme")
def test_a_task_is_put_as_often_as_one_likes(api: Api, at: Any) -> None:
    facts = {"title": "Set up", "status": "in_progress"}
    status, made = api.answer("PUT", TASK, facts)
    assert (status, made) == (201, NEW | facts | {"id": made["id"], "externalId": "task-1"})
    at.shift(timedelta(hours=80))
    assert api.answer("PUT", TASK, facts) == (200, made)
    assert titles(api, stalled="true") == ["Set up"]
    status, changed = api.answer("PUT", TASK, {"title": "Set it up"})
    assert (status, changed) == (200, made | {"title": "Set it up", "updatedAt": "2026-11-19T20:00:00Z"})
    assert api.get(TASK).json() == changed
    assert titles(api, stalled="true") == []
    assert api.answer("DELETE", TASK) == (204, None)
    assert problem(api.call("DELETE", TASK)) == (404, "not_found")


@pytest.mark.usefixtures("client_of_acme")
def test_a_task_that_is_done_stays_done_where_nothing_is_said_of_it(api: Api) -> None:
    api.call("PUT", TASK, {"title": "Set up", "status": "done"})
    assert api.call("PUT", TASK, {"title": "Set up"}).json()["status"] == "done"


@pytest.mark.usefixtures("client_of_acme")
def test_a_new_task_needs_a_title(api: Api) -> None:
    assert problem(api.call("PUT", TASK, {"status": "done"})) == (400, "title_missing")


@pytest.mark.usefixtures("client_of_acme")
def test_an_external_id_is_taken_once(api: Api) -> None:
    body = {"clientId": "user-1", "title": "Set up", "externalId": "task-1"}
    assert api.call("POST", TASKS, body).status_code == 201
    assert problem(api.call("POST", TASKS, body)) == (409, "task_exists")


@pytest.mark.parametrize("external_id", ["a/b", "tasks/1", "/", "💜", "..", "~YQ", "scores"])
@pytest.mark.usefixtures("client_of_acme")
def test_a_task_of_any_external_id_is_found_again(api: Api, external_id: str) -> None:
    body = {"clientId": "user-1", "title": "Set up", "externalId": external_id}
    made = api.call("POST", TASKS, body).json()
    assert api.listed(TASKS, externalId=external_id) == [made]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["done", "due", "new", "stalled"]),
        ({"status": "done"}, ["done"]),
        ({"onboarding": "true"}, ["new"]),
        ({"onboarding": "false"}, ["done", "due", "stalled"]),
        ({"stalled": "true"}, ["stalled"]),
        ({"stalled": "false"}, ["done", "due", "new"]),
        ({"dueFrom": "2026-11-17"}, ["due"]),
        ({"dueTo": "2026-11-17"}, ["due"]),
        ({"dueTo": "2026-11-16"}, []),
        ({"externalId": "x"}, ["done"]),
    ],
)
def test_tasks_are_found(api: Api, client_of_acme: Client, at: Any, query: dict[str, str], expected: list[str]) -> None:
    api.call("POST", TASKS, {"clientId": "user-1", "title": "stalled", "status": "in_progress"})
    at.shift(timedelta(hours=72))
    api.call("POST", TASKS, {"clientId": "user-1", "title": "new", "status": "in_progress", "onboarding": True})
    api.call("POST", TASKS, {"clientId": "user-1", "title": "due", "dueOn": "2026-11-17"})
    api.call("POST", TASKS, {"clientId": "user-1", "title": "done", "status": "done", "externalId": "x"})
    assert titles(api, **query) == expected


BAD_FACTS: list[Any] = [
    {"titel": "x"},
    {"title": ""},
    {"title": "  "},
    {"title": 5},
    {"title": None},
    {"title": "x" * 256},
    {"title": "x", "status": "gone"},
    {"title": "x", "onboarding": "yes"},
    {"title": "x", "onboarding": 1},
    {"title": "x", "onboarding": None},
    {"title": "x", "dueOn": "0001-01-01"},
    {"title": "x", "dueOn": "9999-12-31"},
    {"title": "x", "dueOn": "2026-02-30"},
    {"title": "x", "dueOn": "2026-11-16T00:00:00Z"},
    {"title": "x", "dueOn": 5},
    {"title": "x", "clientId": "user-1"},
    {"title": "x", "completedAt": "2026-11-16T00:00:00Z"},
    b'{"title": "\\u0000"}',
    b'{"title": "\\udfff"}',
    b"[]",
]


@pytest.mark.parametrize("body", BAD_FACTS, ids=range(len(BAD_FACTS)))
@pytest.mark.usefixtures("client_of_acme")
def test_what_cannot_be_a_task_is_refused(api: Api, body: Any) -> None:
    assert problem(api.call("PUT", TASK, body))[0] == 400
    assert titles(api) == []


@pytest.mark.parametrize(
    "body", [{f"name{number}": 1 for number in range(1_000)}, {"title": "t", "status": "s" * 20_000}]
)
@pytest.mark.usefixtures("client_of_acme")
def test_a_refusal_is_short_whatever_was_sent(api: Api, body: dict[str, object]) -> None:
    answer = api.call("POST", TASKS, body)
    assert (problem(answer), len(answer.content) < 8_000) == ((400, "invalid"), True)
    assert answer.json()["errors"]


@pytest.mark.parametrize("task_id", ["x", "0", "-1", "1.5", "٣", "%00", "9" * 19, "9" * 5_000])
@pytest.mark.usefixtures("client_of_acme")
def test_what_is_no_id_finds_nothing(api: Api, task_id: str) -> None:
    assert problem(api.get(f"{TASKS}/{quote(task_id, safe='%')}")) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_tasks_of_others_and_of_nobody_are_answered_alike(
    api: Api, client_of_acme: Client, outsider: Organization, method: str
) -> None:
    foreign = ClientFactory.create(organization=outsider, external_id="foreign")
    with all_organizations():
        Task.objects.create(
            organization=outsider, client=foreign, title="Theirs", external_id="task-1", created_at=NOW, updated_at=NOW
        )
    answers = [
        api.call(method, f"/api/v1/clients/{client}/tasks/task-1", {"title": "taken"}) for client in ("foreign", "x")
    ]
    assert [problem(answer) for answer in answers] == [(404, "not_found")] * 2
    assert answers[0].content == answers[1].content
    with all_organizations():
        assert list(Task.objects.values_list("title", flat=True)) == ["Theirs"]


@pytest.mark.parametrize(("method", "expected"), [("PUT", [201, "Again"]), ("PATCH", [404])])
def test_a_task_that_is_deleted_meanwhile_is_not_there(committed_db: None, method: str, expected: list[Any]) -> None:
    client = ClientFactory.create(external_id="user-1")
    with organization_scope(client.organization_id):
        key = create_api_key(client.organization, kind=ApiKey.Kind.SECRET, name="tests")
        task = Task.objects.create(
            organization=client.organization, client=client, external_id="task-1", created_at=NOW, updated_at=NOW
        )
    address, answers = TASK if method == "PUT" else f"{TASKS}/{task.pk}", []

    def change() -> None:
        answers.append(Api(key.secret).call(method, address, {"title": "Again"}))
        connection.close()

    changing = Thread(target=change)
    with organization_scope(client.organization_id):
        task.delete()
        changing.start()
        wait_for_a_waiter()
    changing.join()
    assert [answers[0].status_code, *([answers[0].json()["title"]] if method == "PUT" else [])] == expected


def test_a_task_of_a_client_that_is_deleted_meanwhile_is_tried_once(scoped: Organization) -> None:
    with pytest.raises(IntegrityError):
        put_task(Client(pk=404, organization=scoped), "task-1", {"title": "Set up"}, at=NOW)


def test_put_by_many_at_once_makes_one_task(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    client = ClientFactory.create(organization=organization, external_id="user-1")
    with organization_scope(organization.pk):
        key = create_api_key(organization, kind=ApiKey.Kind.SECRET, name="tests")
    together, statuses = Barrier(4), []

    def put() -> None:
        together.wait()
        statuses.append(Api(key.secret).call("PUT", TASK, {"title": "Set up"}).status_code)
        connection.close()

    threads = [Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 201]
    with organization_scope(organization.pk):
        assert Task.objects.filter(client=client).count() == 1
