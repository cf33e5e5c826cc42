"""Two organizations and nobody ask in turn over two pooled connections, with failures of every kind in between.

Imported with Django set up. Each answer holds the marks of who asked and of nobody else, and each connection goes
back without a setting of its last user.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from config.urls import urlpatterns as own_addresses
from tests.factories import ClientFactory, MembershipFactory, OrganizationFactory, UserFactory
from tests.gates.rows import make_rows
from tests.gates.test_outsiders import session_of

REQUESTS = 10_000
CONNECTIONS = 2
ASKING_AT_ONCE = 8
SEED = 20_261_121
# Others than the mutants', which may be in the same database.
SLUGS = ("left", "right")
CANCELLED_AFTER_MS = 20
SETTINGS_LEFT = "SELECT current_setting('mainstay.organization', true), current_setting('mainstay.scope', true)"
PROGRAMS = (
    "/api/v1/clients", "/api/v1/tasks", "/api/v1/feedback", "/api/v1/insights", "/api/v1/alerts", "/api/v1/churn",
    "/api/v1/clients?limit=-1", "/api/v1/clients/nobody", "/api/v1/alerts/999999999999999999999999999999",
)  # fmt: skip
STAFF = (
    "/admin/accounts/client/", "/admin/success/task/", "/admin/health/alert/", "/admin/telemetry/event/",
    "/admin/success/feedback/", "/admin/accounts/client/987654321/change/", "/admin/success/task/?bad=1",
)  # fmt: skip
CLIENTS = ("/client/dashboard/success", "/client/preferences", "/client/insights/987654321/read")
FAILING = ("failing", "failing-inside", "cancelled", "closed")


def failing(request: HttpRequest) -> HttpResponse:
    """Read, and fail in the middle of the page's transaction."""
    Client.objects.count()
    raise ValueError


def failing_inside(request: HttpRequest) -> HttpResponse:
    """Fail in a scope of its own, in a statement: the transaction is broken."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column")
    return HttpResponse()


def cancelled(request: HttpRequest) -> HttpResponse:
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {CANCELLED_AFTER_MS}")
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse()


def closed(request: HttpRequest) -> HttpResponse:
    """The server ends the connection while it is used."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return HttpResponse()


VIEWS = {"failing": failing, "failing-inside": failing_inside, "cancelled": cancelled, "closed": closed}
urlpatterns = [
    *(path(f"{prefix}{name}", view) for prefix in ("admin/", "client/", "api/") for name, view in VIEWS.items()),
    *own_addresses,
]


@dataclass(frozen=True)
class Person:
    """`mark` stands in the texts of its organization only; empty for nobody."""

    mark: str
    headers: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    addresses: tuple[str, ...] = PROGRAMS
    prefix: str = "/api/"


@dataclass
class Outcome:
    """What came back, counted by status, and what must not have."""

    statuses: Counter[int] = field(default_factory=Counter)
    bleeding: list[str] = field(default_factory=list)
    unclean: list[str] = field(default_factory=list)
    own: int = 0
    backends: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def work(requests: int = REQUESTS) -> bool:
    """Print the figures; True when nothing was seen of others and no connection went back unclean."""
    logging.disable(logging.CRITICAL)
    persons = all_persons()
    connection.close()
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["*"]
    use_a_pool()
    chance, outcome, handler, begun = random.Random(SEED), Outcome(), WSGIHandler(), time.monotonic()
    asked = [(chance.choice(persons), chance.random(), chance.random()) for _ in range(requests)]
    with ThreadPoolExecutor(ASKING_AT_ONCE) as pool:
        list(pool.map(partial(ask, outcome, handler), asked))
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(outcome.statuses.items()))
    print(
        f"isolation: {requests:,} requests of {len(persons)} people and programs of two organizations and nobody by"
        f" {ASKING_AT_ONCE} threads on {CONNECTIONS} pooled connections in {time.monotonic() - begun:.0f} s"
        f" ({statuses}; {len(outcome.backends)} server processes one after another): {outcome.own:,} answers with"
        f" marks of their own, {len(outcome.bleeding)} with another's, {len(outcome.unclean)} connections unclean"
    )
    for line in [*outcome.bleeding, *outcome.unclean][:20]:
        print(f"isolation: BLEEDS {line}")
    return not outcome.bleeding and not outcome.unclean and outcome.own > requests // 10


def use_a_pool() -> None:
    own = connection.settings_dict
    own["CONN_MAX_AGE"] = 0
    own["OPTIONS"] = own["OPTIONS"] | {"pool": {"min_size": CONNECTIONS, "max_size": CONNECTIONS, "timeout": 60}}


def all_persons() -> list[Person]:
    persons = [Person(""), Person("", addresses=STAFF, prefix="/admin/"), Person("", addresses=CLIENTS)]
    for slug in SLUGS:
        organization = OrganizationFactory.create(slug=slug)
        make_rows(organization)
        persons += persons_of(organization)
    return persons


def persons_of(organization: Organization) -> list[Person]:
    mark = f"of {organization.slug}"
    with organization_scope(organization.pk):
        key = create_api_key(organization, kind=ApiKey.Kind.SECRET, name="proof")
    owner = MembershipFactory.create(organization=organization, role=Membership.Role.OWNER).user
    client = ClientFactory.create(organization=organization, name=f"row {mark}", user=UserFactory.create())
    return [
        Person(mark, headers={"Authorization": f"Bearer {key.secret}"}),
        Person(mark, session=session_of(owner), addresses=STAFF, prefix="/admin/"),
        Person(mark, session=session_of(client.user), addresses=CLIENTS, prefix="/client/"),
    ]


def ask(outcome: Outcome, handler: WSGIHandler, asked: tuple[Person, float, float]) -> None:
    person, which, fails = asked
    address = person.addresses[int(which * len(person.addresses))]
    if fails < 0.15:
        address = person.prefix + FAILING[int(which * len(FAILING))]
    request = RequestFactory(headers=dict(person.headers)).get(address).META
    request["HTTP_COOKIE"] = f"{settings.SESSION_COOKIE_NAME}={person.session}"
    status, text = answer_of(handler, request)
    marks = {mark for mark in (f"of {slug}" for slug in SLUGS) if mark in text}
    with outcome.lock:
        outcome.statuses[status] += 1
        outcome.own += person.mark in marks
        if marks - {person.mark}:
            outcome.bleeding.append(f"{address} as {person.mark or 'nobody'} shows {marks}")
    look_at_connection(outcome, address)


def answer_of(handler: WSGIHandler, environ: dict[str, Any]) -> tuple[int, str]:
    """As a server calls it: the connection goes back to the pool at the end."""
    told: list[str] = []

    def start(status: str, *_: Any) -> Any:
        told.append(status)

    response = handler(environ, start)
    try:
        content = b"".join(response)
    finally:
        response.close()
    return int(told[-1].split()[0]), content.decode(errors="replace")


def look_at_connection(outcome: Outcome, address: str) -> None:
    """The one that the pool gives out next."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"{SETTINGS_LEFT}, pg_backend_pid()")
            organization, scope, backend = cursor.fetchone()
        in_transaction = connection.connection.info.transaction_status.name
    finally:
        connection.close()
    with outcome.lock:
        outcome.backends.add(backend)
        if organization or scope or in_transaction != "IDLE":
            outcome.unclean.append(f"after {address}: {organization!r}, {scope!r}, {in_transaction}")
