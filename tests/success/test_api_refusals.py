"""What the API says when it cannot do what it is asked, whatever the address."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts import api_throttle
from accounts.api_keys import NewKey, create_api_key
from accounts.models import ApiKey, Client, Organization
from accounts.tenancy import organization_scope
from success.api import tasks
from success.models import Task
from tests.factories import ClientFactory, OrganizationFactory
from tests.success.api_calls import Api, problem

CLIENT = "/api/v1/clients/user-1"


def end_connection(*_: Any) -> None:
    """As when the database is restarted: the session of this process is ended by another one."""
    ours = connection.settings_dict
    address = {"host": ours["HOST"], "port": ours["PORT"], "user": ours["USER"], "password": ours["PASSWORD"]}
    with connection.cursor() as cursor, psycopg.connect(**address, dbname=ours["NAME"]) as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s, 5000)", cursor.fetchone())


@pytest.fixture
def committed_api(committed_db: None) -> Api:
    organization = OrganizationFactory.create()
    ClientFactory.create(organization=organization, external_id="user-1")
    with organization_scope(organization.pk):
        return Api(create_api_key(organization, kind=ApiKey.Kind.SECRET, name="tests").secret)


def expect_unavailable(response: Any) -> None:
    assert problem(response) == (503, "unavailable")
    assert response["Retry-After"] == "5"


def test_a_connection_that_is_lost_is_told_and_replaced(committed_api: Api) -> None:
    assert committed_api.get(CLIENT).status_code == 200
    end_connection()
    expect_unavailable(committed_api.get(CLIENT))
    assert committed_api.get(CLIENT).status_code == 200


@pytest.mark.parametrize("moment", ["facts_of", "task_json"])
def test_what_is_lost_on_the_way_is_not_done(committed_api: Api, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the work, and after it: by the commit."""
    kept: Callable[..., Any] = getattr(tasks, moment)

    def with_loss(*arguments: Any) -> Any:
        answer = kept(*arguments)
        end_connection()
        return answer

    monkeypatch.setattr(tasks, moment, with_loss)
    address = f"{CLIENT}/tasks/task-1"
    expect_unavailable(committed_api.call("PUT", address, {"title": "Set up"}))
    monkeypatch.undo()
    assert committed_api.call("PUT", address, {"title": "Set up"}).status_code == 201


@pytest.fixture
def two_requests(settings: Any) -> Iterator[None]:
    settings.API_REQUESTS_PER_SECOND, settings.API_REQUESTS_BURST = 0.5, 2
    api_throttle.requests.cache_clear()
    yield
    api_throttle.requests.cache_clear()


@pytest.mark.usefixtures("two_requests", "client_of_acme")
def test_each_key_may_make_so_many_requests(api: Api, organization: Organization) -> None:
    answers = [api.get(CLIENT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[2]) == (429, "too_many_requests")
    assert answers[2]["Retry-After"] == "2"
    with organization_scope(organization.pk):
        other = create_api_key(organization, kind=ApiKey.Kind.SECRET, name="other")
    assert Api(other.secret).get(CLIENT).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", CLIENT, {"Authorization": ""}, (401, "not_authenticated")),
        ("GET", CLIENT, {"Authorization": "Bearer sk_wrong"}, (401, "authentication_failed")),
        ("GET", CLIENT, {"Authorization": "Bearer \x7f"}, (401, "authentication_failed")),
        ("GET", CLIENT, {"Accept": "text/html"}, (406, "not_acceptable")),
        ("DELETE", CLIENT, {}, (405, "method_not_allowed")),
        ("PUT", "/api/v1/scores", {}, (405, "method_not_allowed")),
        ("PATCH", CLIENT, {"Content-Type": "text/xml"}, (415, "unsupported_media_type")),
        ("GET", "/api/v1/nothing", {}, (404, "not_found")),
        ("GET", "/api/v1/clients/", {}, (404, "not_found")),
    ],
)
def test_each_refusal_says_what_to_do(
    api: Api, client_of_acme: Client, method: str, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    response = api.call(method, path, {"name": "x"}, **headers)
    assert problem(response) == expected
    assert response.json()["detail"].endswith(".")


def test_a_write_key_reads_nothing(client_of_acme: Client, write_key: NewKey) -> None:
    assert problem(Api(write_key.secret).get(CLIENT)) == (401, "authentication_failed")


def test_a_body_that_is_too_large_is_refused(api: Api, client_of_acme: Client) -> None:
    assert problem(api.call("PATCH", CLIENT, b'"' + b"x" * 600_000 + b'"'))[0] == 413
    with organization_scope(client_of_acme.organization_id):
        assert not Task.objects.exists()
