"""How long the client's page takes, for a client with a long past in a large organization."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from django.db import connection
from django.utils import timezone

from accounts.models import Client, Organization, User
from accounts.tenancy import organization_scope
from benchmarks import load, web
from benchmarks.figures import table
from benchmarks.ingest import PRODUCT
from benchmarks.messages import NAMES
from benchmarks.population import FEEDBACK, TASKS, analyze, create_organization, create_silent_clients
from benchmarks.sessions import sign_in
from success.insights.writing import write_insights
from success.milestones.reaching import reach_milestones
from success.scoring import score_clients
from telemetry.incoming import IncomingEvent
from telemetry.native import from_native
from telemetry.recording import record_events

PAGE = "/client/dashboard/success"
EVENTS = 1_000_000
# One event in twenty is the one client's.
SHARE = 20
CLIENTS = 1_000
DAYS = 365
BATCH = 1_000
WEEKS = 26
REQUESTS = 400
CONNECTIONS = (1, 4)


@dataclass(frozen=True)
class Measured:
    """Milliseconds of a request with so many of them under way at once."""

    connections: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def measure(*, events: int, announce: Callable[[str], None]) -> list[Measured]:
    """The page of the client with the longest past, over HTTP, signed in; each view is recorded as in life."""
    announce(f"  making {events:,} events of {CLIENTS:,} clients, {events // SHARE:,} of them one client's")
    organization = _populate(events)
    cookie = _sign_in(organization)
    with web.serving(PRODUCT) as address:
        load.send_all(address, [load.get(PAGE, cookie=cookie)] * 40, connections=4)
        measured = [_measure(address, cookie, connections) for connections in CONNECTIONS]
    for m in measured:
        announce(f"  {m.connections} at once: p50 {m.p50_ms:.1f} ms, p95 {m.p95_ms:.1f} ms")
    return measured


def _measure(address: tuple[str, int], cookie: str, connections: int) -> Measured:
    run = load.send_all(address, [load.get(PAGE, cookie=cookie)] * REQUESTS, connections=connections)
    if run.failures:
        raise RuntimeError(run.failures[0][:2000])
    return Measured(connections, run.per_second, run.p50_ms, run.p95_ms, run.p99_ms)


def _populate(events: int) -> Organization:
    """A year of events, recorded as they come in; tasks, and half a year of scores, insights and milestones."""
    organization = create_organization(f"dashboard-{time.time_ns()}").organization
    today = datetime.now(UTC).date()
    create_silent_clients(organization, clients=CLIENTS, period_end=today)
    coming = _events(events)
    while batch := list(islice(coming, BATCH)):
        record_events(organization.pk, batch, received_at=datetime.now(UTC))
    analyze()
    monday = today - timedelta(days=today.weekday())
    with organization_scope(organization.pk):
        with connection.cursor() as cursor:
            for statement in (TASKS, FEEDBACK):
                cursor.execute(statement, {"organization": organization.pk, "period_end": today})
        for week in reversed(range(WEEKS)):
            _work_through(organization, monday - timedelta(weeks=week))
        reach_milestones(organization.pk, detected_at=timezone.now())
    analyze()
    return organization


def _work_through(organization: Organization, period_end: date) -> None:
    score_clients(organization.pk, period_end=period_end, computed_at=timezone.now())
    write_insights(organization.pk, period_end=period_end, created_at=timezone.now())


def _events(count: int) -> Iterator[IncomingEvent]:
    """Spread evenly over a year, of which every twentieth is the first client's; the oldest first, as they came in."""
    now = datetime.now(UTC)
    step = timedelta(days=DAYS) / count
    for number in range(count):
        client = 1 if number % SHARE == 0 else random.randint(2, CLIENTS)
        yield from_native(
            {
                "messageId": f"{random.getrandbits(128):032x}",
                "name": random.choice(NAMES),
                "clientId": f"client-{client}",
                "data": {},
                "path": "/reports/42",
                "occurredAt": now - timedelta(days=DAYS) + number * step,
            },
            index=number,
        )


def _sign_in(organization: Organization) -> str:
    """The cookie of a session of the client with the longest past."""
    user = User.objects.create_user(f"client-{organization.slug}")
    with organization_scope(organization.pk):
        Client.objects.filter(organization=organization, external_id="client-1").update(user=user)
    return sign_in(user)


def report(measured: Sequence[Measured]) -> str:
    rows = [
        [f"{m.connections}", f"{m.p50_ms:.1f}", f"{m.p95_ms:.1f}", f"{m.p99_ms:.1f}", f"{m.per_second:.0f}"]
        for m in measured
    ]
    return table(["requests at once", "p50 ms", "p95 ms", "p99 ms", "pages/s"], rows)
