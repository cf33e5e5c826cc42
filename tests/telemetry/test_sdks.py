"""The unmodified Python SDKs of Segment and RudderStack, over a real socket: only host and key are changed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from rudderstack.analytics.client import Client as RudderStackClient
from segment.analytics.client import Client as SegmentClient

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Organization
from accounts.tenancy import organization_scope
from tests.factories import OrganizationFactory
from tests.telemetry.sending import days, stored

EVENTS = 250
pytestmark = pytest.mark.usefixtures("committed_db")


class QuietHandler(WSGIRequestHandler):
    # One request a connection: nothing is left open when the server ends.
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name is inherited
        pass


class Server(ThreadedWSGIServer):
    daemon_threads = False

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        super().process_request_thread(request, client_address)
        connections.close_all()


@pytest.fixture
def address() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), QuietHandler)
    server.set_app(get_wsgi_application())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def acme() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


@pytest.fixture
def secret(acme: Organization) -> str:
    with organization_scope(acme.pk):
        return create_api_key(acme, kind=ApiKey.Kind.WRITE, name="sdk").secret


def segment(secret: str, address: str, **options: Any) -> Any:
    return SegmentClient(secret, host=address, upload_interval=0.05, **options)


def rudderstack(secret: str, address: str, **options: Any) -> Any:
    return RudderStackClient(secret, host=address, upload_interval=0.05, **options)


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("sdk", [segment, rudderstack])
def test_what_an_sdk_sends_is_stored(sdk: Any, gzip: bool, acme: Organization, secret: str, address: str) -> None:
    failures: list[Any] = []
    client = sdk(secret, address, gzip=gzip, on_error=lambda error, batch: failures.append(error))
    client.identify("user-1", {"email": "a@example.com", "createdAt": datetime(2026, 1, 1, tzinfo=UTC)})
    client.group("user-1", "team", {"name": "Team"})
    for number in range(EVENTS):
        client.track("user-1" if number % 2 else number + 1, "task_completed", {"n": number})
    client.page("user-1", "Docs", "Dashboard", {"url": "https://app.example.com/dash"})
    client.screen("user-1", "App", "Home")
    client.alias("before", "user-1")
    client.shutdown()
    assert failures == []
    calls = stored(acme, "call")
    assert {call: calls.count(call) for call in set(calls)} == {
        "identify": 1,
        "group": 1,
        "track": EVENTS,
        "page": 1,
        "screen": 1,
        "alias": 1,
    }
    assert sum(counts["task_completed"] for counts in days(acme, "task_completed").values()) == EVENTS
    with organization_scope(acme.pk):
        client_row = Client.objects.get(external_id="user-1")
        assert (client_row.email, client_row.signed_up_at) == ("a@example.com", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("sdk", [segment, rudderstack])
def test_an_sdk_with_a_wrong_key_is_told_so(sdk: Any, acme: Organization, address: str) -> None:
    failures: list[Any] = []
    client = sdk("wrong", address, on_error=lambda error, batch: failures.append(error), max_retries=1)
    client.track("user-1", "login")
    client.shutdown()
    assert ["key_invalid" in str(failure) for failure in failures] == [True]
    assert stored(acme, "id") == []
