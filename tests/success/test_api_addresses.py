"""External ids in addresses: each has one that means it and nothing else."""

from typing import Any
from urllib.parse import quote

import pytest
from django.urls import resolve, reverse
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.models import Client, Organization
from success.api.addresses import read_id, written_id
from tests.factories import ClientFactory
from tests.success.api_calls import Api, problem

ODD_IDS = [
    "a/scores",
    "a/tasks/1",
    "a/scores/2026-01-05",
    "a/churn",
    "~YQ",
    "~",
    ".",
    "..",
    "a//b",
    "/",
    "a\nb",
    " a",
    "💜",
]


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
@example("~YQ")
@example("~YR")
@example("user-1")
def test_what_is_written_reads_as_the_id(external_id: str) -> None:
    assert read_id(written_id(external_id)) == external_id


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("user-1", "user-1"),
        ("~YQ", "a"),
        ("~8J-SnA", "💜"),
        ("~YR", "~YR"),
        ("~YQ==", "~YQ=="),
        ("~", "~"),
        ("~!", "~!"),
    ],
)
def test_only_what_would_be_written_is_read_so(written: str, read: str) -> None:
    assert read_id(written) == read


@pytest.mark.parametrize("external_id", ODD_IDS)
@pytest.mark.parametrize("name", ["api-client", "api-client-scores", "api-client-churn"])
def test_an_address_leads_to_its_client(name: str, external_id: str) -> None:
    found = resolve(reverse(name, kwargs={"external_id": external_id}))
    assert (found.url_name, found.kwargs) == (name, {"external_id": external_id})


@pytest.mark.parametrize("external_id", ODD_IDS)
def test_odd_clients_are_read_and_changed(api: Api, organization: Organization, external_id: str) -> None:
    for odd in [*ODD_IDS, "a"]:
        ClientFactory.create(organization=organization, external_id=odd)
    address = f"/api/v1/clients/{written_id(external_id)}"
    assert api.answer("PATCH", address, {"name": "found"})[0] == 200
    named = [client["externalId"] for client in api.listed("/api/v1/clients") if client["name"] == "found"]
    assert named == [external_id]


@pytest.mark.parametrize(
    ("path", "name", "arguments"),
    [
        ("a/b", "api-client", {"external_id": "a/b"}),
        ("a/scores", "api-client-scores", {"external_id": "a"}),
        ("a/scores/scores", "api-client-scores", {"external_id": "a/scores"}),
        ("a/scores/2026-01-05", "api-client-score", {"external_id": "a", "period_end": "2026-01-05"}),
        ("a/scores/b/c", "api-client", {"external_id": "a/scores/b/c"}),
        ("scores", "api-client", {"external_id": "scores"}),
        ("a/tasks", "api-client", {"external_id": "a/tasks"}),
        ("a/tasks/b/c", "api-client-task", {"external_id": "a", "task": "b/c"}),
        ("a/tasks/b/tasks/c", "api-client-task", {"external_id": "a/tasks/b", "task": "c"}),
        ("a/tasks/~Yi90YXNrcy9j", "api-client-task", {"external_id": "a", "task": "b/tasks/c"}),
        ("~YS9zY29yZXM", "api-client", {"external_id": "a/scores"}),
        ("~YS9zY29yZXM/scores", "api-client-scores", {"external_id": "a/scores"}),
    ],
)
def test_an_address_is_read_from_its_end(path: str, name: str, arguments: dict[str, Any]) -> None:
    found = resolve(f"/api/v1/clients/{path}")
    assert (found.url_name, found.kwargs) == (name, arguments)


@pytest.mark.parametrize("written", ["%00", "a%00b", "~AA", "x" * 5_000, "%ff%fe", "~" + "A" * 5_000])
def test_what_can_be_no_id_finds_nobody(api: Api, client_of_acme: Client, written: str) -> None:
    assert problem(api.get(f"/api/v1/clients/{quote(written, safe='%~')}")) == (404, "not_found")
