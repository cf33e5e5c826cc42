"""Events per second, durable, over HTTP: the product, the plain way, and PostgreSQL by itself."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from benchmarks import load, web
from benchmarks.figures import count, percentile, table
from benchmarks.messages import CLIENTS, messages
from benchmarks.population import Population, analyze, create_organization, create_silent_clients
from telemetry.recording import record_events
from telemetry.segment import from_segment

PRODUCT = "config.wsgi:application"
PLAIN = "benchmarks.plain.wsgi:application"


@dataclass(frozen=True)
class Way:
    """One way of taking events: where it is served and how a message of it looks."""

    title: str
    application: str
    path: str


WAYS = (
    Way("Mainstay", PRODUCT, "/v1/batch"),
    Way("DRF serializer, bulk_create", PLAIN, "/bulk"),
    Way("DRF serializer, row at a time", PLAIN, "/row"),
)
SIZES = (1, 100, 1_000)


@dataclass(frozen=True)
class Measured:
    """`per_second` are events; latencies are those of a request, in milliseconds."""

    way: str
    size: int
    per_second: float
    p50_ms: float
    p99_ms: float


def measure(*, seconds: float, announce: Callable[[str], None]) -> list[Measured]:
    """Every way with every batch size, one after the other, about `seconds` each."""
    measured = []
    for size in SIZES:
        for way in WAYS:
            measured.append(_measure(way, size, seconds))
            announce(f"  {way.title}, batches of {size}: {count(measured[-1].per_second)} events/s")
        measured.append(_measure_statement(size, seconds))
        announce(f"  PostgreSQL alone, batches of {size}: {count(measured[-1].per_second)} events/s")
    return measured


def _measure(way: Way, size: int, seconds: float) -> Measured:
    population = create_organization(f"ingest-{way.path.strip('/').replace('/', '-')}-{size}-{time.time_ns()}")
    create_silent_clients(population.organization, clients=CLIENTS, period_end=datetime.now(UTC).date())
    analyze()
    with web.serving(way.application) as address:
        # The first round warms up and tells how many requests fill the time.
        first = _send(address, way, population, size, requests=max(20, 2_000 // size))
        wanted = max(30, int(first.per_second * seconds))
        run = _send(address, way, population, size, requests=wanted)
    if first.failures or run.failures:
        raise RuntimeError((first.failures + run.failures)[0][:2000])
    return Measured(way.title, size, run.per_second * size, run.p50_ms, run.p99_ms)


def _send(address: tuple[str, int], way: Way, population: Population, size: int, *, requests: int) -> load.Load:
    bodies = [json.dumps({"batch": messages(size)}).encode() for _ in range(requests)]
    prepared = [load.post(way.path, body, key=population.write_key) for body in bodies]
    return load.send_all(address, prepared, connections=16 if size == 1 else 8)


def _measure_statement(size: int, seconds: float) -> Measured:
    """The product's own statement on one connection: only the time that is spent waiting for the database."""
    organization = create_organization(f"ingest-alone-{size}-{time.time_ns()}").organization
    create_silent_clients(organization, clients=CLIENTS, period_end=datetime.now(UTC).date())
    analyze()
    waiting = _Waiting()
    recorded = 0
    deadline = time.monotonic() + seconds
    with connection.execute_wrapper(waiting):
        while time.monotonic() < deadline:
            events = [
                from_segment(message, index=i, call=None, context={}, sent_at=None)
                for i, message in enumerate(messages(size))
            ]
            recorded += record_events(organization.pk, events, received_at=datetime.now(UTC)).accepted
    return Measured("PostgreSQL alone", size, recorded / waiting.seconds, waiting.median_ms, waiting.p99_ms)


class _Waiting:
    """Adds up how long each statement took."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.times.append(time.perf_counter() - started)

    @property
    def seconds(self) -> float:
        return sum(self.times)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.times) * 1000

    @property
    def p99_ms(self) -> float:
        return percentile(self.times, 99) * 1000


def report(measured: Sequence[Measured]) -> str:
    """The Markdown table, with the ratio to the product in the same batch size."""
    product = {m.size: m.per_second for m in measured if m.way == WAYS[0].title}
    rows = [
        [
            f"{m.size:,}",
            m.way,
            count(m.per_second),
            f"{product[m.size] / m.per_second:.1f} ×",
            f"{m.p50_ms:.1f}",
            f"{m.p99_ms:.1f}",
        ]
        for m in measured
    ]
    return table(["events a request", "way", "events/s", "Mainstay is", "p50 ms", "p99 ms"], rows)
