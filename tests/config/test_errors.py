import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from config.errors import failed, not_understood


@pytest.mark.parametrize("path", ["/api/nothing", "/v1/nothing", "/api/v1/nothing/"])
def test_a_program_is_told_by_a_problem(client: Browser, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["code"] == "not_found"


def test_a_person_is_told_by_a_page(client: Browser, db: None) -> None:
    response = client.get("/nothing")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("path", "kind"), [("/api/x", "application/problem+json"), ("/x", "text/html; charset=utf-8")])
def test_a_request_that_cannot_be_read_says_so_to_both(rf: RequestFactory, path: str, kind: str) -> None:
    answer = not_understood(rf.get(path), DisallowedHost("evil.example"))
    assert (answer.status_code, answer["Content-Type"], b"evil" in answer.content) == (400, kind, False)


def test_a_foreign_host_is_told_by_a_problem(client: Browser, db: None, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["success.example"]
    response = client.get("/api/v1/clients", headers={"Host": "evil.example"})
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["code"] == "bad_request"


@pytest.mark.parametrize(("path", "kind"), [("/api/x", "application/problem+json"), ("/x", "text/html; charset=utf-8")])
def test_an_unexpected_failure_says_so_to_both(rf: RequestFactory, path: str, kind: str) -> None:
    request = rf.get(path)
    assert (failed(request).status_code, failed(request)["Content-Type"]) == (500, kind)


LOST = [("/api/x", "application/problem+json"), ("/x", "text/html; charset=utf-8")]


def failed_by(error: Exception, request: HttpRequest) -> HttpResponse:
    """Django calls the handler while the exception is being handled."""

    def fail() -> None:
        raise error

    try:
        fail()
    except type(error):
        return failed(request)
    raise AssertionError


@pytest.mark.parametrize("lost", [OperationalError, InterfaceError])
@pytest.mark.parametrize(("path", "kind"), LOST)
def test_a_lost_database_lets_both_come_again(rf: RequestFactory, path: str, kind: str, lost: type[Exception]) -> None:
    answer = failed_by(lost("gone"), rf.get(path))
    assert (answer.status_code, answer["Content-Type"], answer["Retry-After"]) == (503, kind, "5")


def test_a_lost_database_is_known_by_what_followed_from_it(rf: RequestFactory) -> None:
    consequence = transaction.TransactionManagementError()
    consequence.__cause__ = OperationalError("gone")
    assert failed_by(consequence, rf.get("/x")).status_code == 503


def test_a_session_that_the_database_could_not_save_is_no_fault_of_the_request(rf: RequestFactory) -> None:
    assert not_understood(rf.get("/x"), SessionInterrupted()).status_code == 400
    interrupted = SessionInterrupted()
    interrupted.__context__ = UpdateError()
    interrupted.__context__.__context__ = OperationalError("gone")
    assert not_understood(rf.get("/x"), interrupted).status_code == 503
