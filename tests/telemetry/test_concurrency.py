"""Many senders at once, on connections of their own."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, connections

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from telemetry.activity_lock import activity_lock
from telemetry.incoming import IncomingEvent, Recorded
from telemetry.recording import record_events
from tests.factories import OrganizationFactory
from tests.telemetry.sending import NOON, days, event, stored

THREADS = 8
pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def acme() -> Organization:
    organization: Organization = OrganizationFactory.create()
    return organization


def at_once(work: Callable[[int], Recorded]) -> list[Recorded]:
    barrier = Barrier(THREADS)

    def run(number: int) -> Recorded:
        try:
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def shuffled(messages: list[IncomingEvent], seed: int) -> list[IncomingEvent]:
    return random.Random(seed).sample(messages, len(messages))


def total(organization: Organization) -> int:
    return sum(counts["total"] for counts in days(organization, "total").values())


def test_the_same_set_from_everybody_counts_once(acme: Organization) -> None:
    told = [event(str(n), external_id=f"user-{n % 7}", stated_at=NOON - timedelta(hours=n)) for n in range(100)]
    results = at_once(lambda n: record_events(acme.pk, shuffled(told, n), received_at=NOON))
    assert sum(result.accepted for result in results) == 100
    assert sum(result.duplicate for result in results) == 100 * (THREADS - 1)
    assert (total(acme), len(stored(acme, "id"))) == (100, 100)
    with organization_scope(acme.pk):
        assert Client.objects.count() == 7


def test_the_same_set_on_both_sides_of_a_months_end_counts_once(acme: Organization) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    told = [event(str(n), stated_at=midnight - timedelta(minutes=1)) for n in range(20)]
    sides = [midnight - timedelta(seconds=1), midnight + timedelta(seconds=1)]
    results = at_once(lambda n: record_events(acme.pk, shuffled(told, n), received_at=sides[n % 2]))
    assert sum(result.accepted for result in results) == 20
    assert (total(acme), len(stored(acme, "id"))) == (20, 20)


def test_ties_and_events_at_once_lose_and_double_nothing(acme: Organization) -> None:
    def told(number: int) -> list[IncomingEvent]:
        device = f"device-{number % 3}"
        anonymous = [event(f"{number}-{n}", external_id="", anonymous_id=device) for n in range(10)]
        tie = event(f"{number}-tie", "identify", call="identify", external_id=f"user-{number % 3}", anonymous_id=device)
        return shuffled([*anonymous, tie], number)

    results = at_once(lambda n: record_events(acme.pk, told(n), received_at=NOON))
    assert sum(result.accepted for result in results) == 11 * THREADS
    assert total(acme) == 10 * THREADS


def test_merges_at_once_leave_one_client(acme: Organization) -> None:
    record_events(acme.pk, [event(f"e{n}", external_id=f"former-{n}") for n in range(THREADS)], received_at=NOON)

    def told(number: int) -> list[IncomingEvent]:
        data = {"previousId": f"former-{number}"}
        return [
            event(f"a{number}", "alias", call="alias", data=data),
            event(f"x{number}", external_id=f"former-{(number + 1) % THREADS}"),
        ]

    at_once(lambda n: record_events(acme.pk, told(n), received_at=NOON))
    assert set(stored(acme, "client__external_id")) == {"user-1"}
    assert days(acme, "total") == {("user-1", "2026-11-18"): {"total": 2 * THREADS}}


@pytest.mark.parametrize(
    ("is_held_alone", "told"),
    [
        (True, event("1")),
        # An anonymous event that is being recorded would miss its tie.
        (False, event("1", "identify", call="identify", anonymous_id="anon")),
        (False, event("1", "alias", call="alias", data={"previousId": "anon"})),
    ],
)
def test_recording_waits_where_it_must(acme: Organization, is_held_alone: bool, told: IncomingEvent) -> None:
    with ThreadPoolExecutor(1) as pool:
        with organization_scope(acme.pk):
            activity_lock(acme.pk, exclusive=is_held_alone)
            recording = pool.submit(record_events, acme.pk, [told], received_at=NOON)
            with pytest.raises(TimeoutError):
                recording.result(timeout=0.2)
        assert recording.result(timeout=5) == Recorded(accepted=1)
        pool.submit(connections.close_all).result()


def test_recordings_do_not_wait_for_each_other(acme: Organization) -> None:
    with ThreadPoolExecutor(1) as pool, organization_scope(acme.pk):
        activity_lock(acme.pk, exclusive=False)
        assert pool.submit(record_events, acme.pk, [event("1")], received_at=NOON).result(timeout=5).accepted == 1
        pool.submit(connections.close_all).result()
