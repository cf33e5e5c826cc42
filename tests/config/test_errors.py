import pytest
from django.test import Client as Browser
from django.test import RequestFactory

from config.errors import failed


@pytest.mark.parametrize("path", ["/api/nothing", "/v1/nothing", "/api/v1/nothing/"])
def test_a_program_is_told_by_a_problem(client: Browser, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["code"] == "not_found"


def test_a_person_is_told_by_a_page(client: Browser, db: None) -> None:
    response = client.get("/nothing")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("path", "kind"), [("/api/x", "application/problem+json"), ("/x", "text/html; charset=utf-8")])
def test_an_unexpected_failure_says_so_to_both(rf: RequestFactory, path: str, kind: str) -> None:
    request = rf.get(path)
    assert (failed(request).status_code, failed(request)["Content-Type"]) == (500, kind)
