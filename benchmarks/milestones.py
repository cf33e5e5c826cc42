"""From an event to its milestone over HTTP, and what detecting them costs those who record."""

import json
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

from accounts.tenancy import organization_scope
from benchmarks import load, web
from benchmarks.figures import count, percentile, table
from benchmarks.ingest import PRODUCT
from benchmarks.messages import messages
from benchmarks.population import Population, analyze, create_clients, create_organization
from success.milestones.reaching import reach_milestones

CLIENTS = 5_000
EVENTS = 200
ROUNDS = 10
LOAD = 1_000
BATCH = 100
PATH = "/v1/batch"
SEEN = """
    SELECT EXISTS (SELECT FROM success_milestone m JOIN accounts_client c ON c.id = m.client_id
                   JOIN success_milestonedefinition d ON d.id = m.definition_id
                   WHERE m.organization_id = %s AND c.external_id = %s AND d.key = 'first-feedback')
"""


@dataclass(frozen=True)
class Measured:
    """Milliseconds from the event to the record, and events recorded per second with and without detection."""

    quiet_ms: Sequence[float]
    busy_ms: Sequence[float]
    per_second_with: Sequence[float]
    per_second_without: Sequence[float]


def measure(*, seconds: float, announce: Callable[[str], None]) -> Measured:
    """Detection that is alone, beside other events, and at full load with each round beside one without it."""
    population = _population()
    names = [f"client-{number}" for number in random.sample(range(1, CLIENTS + 1), 2 * EVENTS)]
    with web.serving(PRODUCT) as address:
        quiet = _latencies(address, population, names[:EVENTS])
        with _others(address, population):
            busy = _latencies(address, population, names[EVENTS:])
    announce(f"  alone p95 {percentile(quiet, 95):.1f} ms; beside {LOAD:,} events/s {percentile(busy, 95):.1f} ms")
    per_second: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * ROUNDS):
        # on, off, off, on, …: what slows the machine down slowly slows both.
        is_on = number % 4 in {0, 3}
        per_second[is_on].append(_recorded_per_second(population, is_on=is_on, seconds=seconds))
        announce(f"  detection {'on' if is_on else 'off'}: {count(per_second[is_on][-1])} events/s")
    return Measured(quiet, busy, per_second[True], per_second[False])


def _population() -> Population:
    """Clients whose past was detected, as on any day but the first."""
    population = create_organization(f"milestones-{time.time_ns()}")
    create_clients(population.organization, clients=CLIENTS, period_end=datetime.now(UTC).date())
    with organization_scope(population.organization.pk):
        reach_milestones(population.organization.pk, detected_at=timezone.now())
    analyze()
    return population


def _latencies(address: tuple[str, int], population: Population, names: Sequence[str]) -> list[float]:
    """One event after the other, at uneven moments, each reaching the first feedback of a client."""
    latencies = []
    with socket.create_connection(address) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name in names:
            time.sleep(random.uniform(0.01, 0.09))
            message = messages(1)[0] | {"event": "feedback_given", "userId": name}
            request = load.post(PATH, json.dumps({"batch": [message]}).encode(), key=population.write_key)
            began = time.perf_counter()
            server.sendall(request)
            server.recv(65536)
            _wait_until_seen(population, name)
            latencies.append((time.perf_counter() - began) * 1000)
    return latencies


def _wait_until_seen(population: Population, name: str) -> None:
    deadline = time.monotonic() + 60
    organization_id = population.organization.pk
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            # Every look is a transaction of its own, and so sees what is committed.
            with organization_scope(organization_id):
                cursor.execute(SEEN, [organization_id, name])
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.001)
    raise TimeoutError(f"The milestone of {name} was not detected.")


@contextmanager
def _others(address: tuple[str, int], population: Population) -> Iterator[None]:
    """LOAD events a second of other clients."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(BATCH / LOAD):
            body = json.dumps({"batch": messages(BATCH, clients=CLIENTS)}).encode()
            load.send_all(address, [load.post(PATH, body, key=population.write_key)], connections=1)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _recorded_per_second(population: Population, *, is_on: bool, seconds: float) -> float:
    with web.serving(PRODUCT, environment={"MILESTONES_AT_ONCE": str(is_on)}) as address:
        warm_up = _send(address, population, requests=50)
        run = _send(address, population, requests=max(50, int(warm_up.per_second * seconds)))
    if run.failures:
        raise RuntimeError(run.failures[0][:2000])
    return run.per_second * BATCH


def _send(address: tuple[str, int], population: Population, *, requests: int) -> load.Load:
    bodies = [json.dumps({"batch": messages(BATCH, clients=CLIENTS)}).encode() for _ in range(requests)]
    return load.send_all(address, [load.post(PATH, body, key=population.write_key) for body in bodies], connections=8)


def reports(measured: Measured) -> tuple[str, str]:
    """Two Markdown tables: how soon, and at what cost."""
    latency = [
        [title, *(f"{percentile(values, percent):.1f}" for percent in (50, 95)), f"{max(values):.1f}"]
        for title, values in (("nothing else", measured.quiet_ms), (f"{LOAD:,} events/s", measured.busy_ms))
    ]
    # Each round with the one beside it: what else the machine does changes from minute to minute.
    shares = [on / off for on, off in zip(measured.per_second_with, measured.per_second_without, strict=True)]
    cost = [
        ["off", count(statistics.median(measured.per_second_without)), "100 %"],
        ["on", count(statistics.median(measured.per_second_with)), f"{100 * statistics.median(shares):.0f} %"],
    ]
    return (
        table(["beside", "p50 ms", "p95 ms", "longest ms"], latency),
        table(["detection", "events/s", "of without"], cost),
    )
