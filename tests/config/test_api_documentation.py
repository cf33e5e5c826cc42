import re

import pytest
from django.test import Client as Browser
from django.urls import get_resolver
from drf_spectacular.validation import validate_schema

from accounts.models import Organization
from tests.gates.test_addresses import patterns


@pytest.fixture
def schema(browser: Browser, db: None) -> dict[str, object]:
    response = browser.get("/api/schema/", headers={"Accept": "application/json"})
    assert response.status_code == 200
    found: dict[str, object] = response.json()
    return found


def documented(path: str) -> str:
    """Names of parameters are the documentation's own business."""
    return re.sub(r"\{[^}]+\}", "{}", path)


def programs_addresses() -> set[str]:
    """Every address of the API but those that describe it."""
    routes = {re.sub(r"<[^>]+>", "{}", f"/{route}") for route, _ in patterns(get_resolver())}
    return {route for route in routes if route.startswith("/api/") and route not in {"/api/schema/", "/api/docs/"}}


def test_the_schema_is_valid_and_knows_every_way_in(schema: dict[str, object]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]
    paths = {documented(path) for path in schema["paths"]}  # type: ignore[attr-defined]
    assert paths == {*programs_addresses(), "/api/v1/events", "/v1/batch"}


def test_every_operation_names_a_way_to_authenticate(schema: dict[str, object]) -> None:
    known = {"secretKey", "cronSecret", "writeKey", "cookieAuth"}
    assert set(schema["components"]["securitySchemes"]) == known  # type: ignore[index]
    for path in schema["paths"].values():  # type: ignore[attr-defined]
        for operation in path.values():
            assert {name for way in operation["security"] for name in way} <= known
            assert operation["security"]


def test_events_are_taken_from_the_keys_that_may_send_them(schema: dict[str, object]) -> None:
    ways = {
        path: schema["paths"][path]["post"]["security"]  # type: ignore[index]
        for path in ("/api/v1/events", "/v1/batch")
    }
    assert ways == {"/api/v1/events": [{"writeKey": []}, {"secretKey": []}], "/v1/batch": [{"writeKey": []}]}


def test_a_job_that_is_asked_for_may_be_done_go_on_or_be_refused(schema: dict[str, object]) -> None:
    for operation in schema["paths"]["/api/cron/{name}"].values():  # type: ignore[index]
        asked = {each["name"] for each in operation["parameters"]}
        assert asked == {"name", "organization", "periodEnd", "asOf"}
        assert operation["responses"].keys() >= {"200", "202", "409"}
        refused = operation["responses"]["409"]["content"]
        assert refused == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_the_page_loads_nothing_from_other_hosts(browser: Browser, organization: Organization) -> None:
    response = browser.get("/api/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert addresses
    assert not [address for address in addresses if "//" in address.replace("http://testserver", "")]
