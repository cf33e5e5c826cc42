"""From the event to the record: the thread of a process, on a database that commits."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from urllib.request import Request, urlopen

import pytest
from django.db import connections
from django.test import override_settings

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Organization
from accounts.tenancy import organization_scope
from success.client_tasks import complete_task, reopen_task
from success.milestones import arrivals
from success.milestones.arrivals import Detector, detector
from success.models import Milestone, Task
from tests.browser.serving import served_application
from tests.factories import ClientFactory, OrganizationFactory
from tests.success.histories import store
from tests.success.reached_milestones import LONG_AGO, logins, reach, reached
from tests.telemetry.sending import event, record


@pytest.fixture
def acme(committed_db: None) -> Iterator[Organization]:
    """Detection is on, and its thread gone when the test is."""
    organization: Organization = OrganizationFactory.create(slug="acme")
    ClientFactory.create(organization=OrganizationFactory.create(slug="outsider"), external_id="user-1")
    with override_settings(MILESTONES_AT_ONCE=True):
        yield organization
        detector.close(seconds=10)
    assert threads() == []


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "milestones"]


def wait_until(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def keys(organization: Organization) -> list[str]:
    return [row[0] for row in reached(organization)]


def test_an_event_over_http_becomes_a_milestone(acme: Organization) -> None:
    with organization_scope(acme.pk):
        key = create_api_key(acme, kind=ApiKey.Kind.WRITE, name="tests").secret
    message = {"type": "track", "event": "login", "userId": "user-1", "messageId": "m1"}
    with served_application() as address:
        request = Request(  # noqa: S310 - our own server
            f"{address}/v1/batch",
            json.dumps({"batch": [message]}).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urlopen(request) as answer:  # noqa: S310
            assert json.load(answer)["accepted"] == 1
        assert wait_until(lambda: keys(acme) == ["first-login"])


def test_the_organizations_own_are_detected_too(acme: Organization) -> None:
    record(acme, *(event(f"m{n}", external_id=f"user-{n}", stated_at=None) for n in range(5)))
    assert wait_until(lambda: "clients-active-5" in keys(acme))


def test_a_task_ticked_again_is_no_event_and_may_be_the_last_one(acme: Organization) -> None:
    client = ClientFactory.create(organization=acme)
    with organization_scope(acme.pk):
        facts = {"created_at": LONG_AGO, "updated_at": LONG_AGO, "is_onboarding": True}
        first, last = (Task.objects.create(organization=acme, client=client, title=n, **facts) for n in "ab")
        complete_task(client, first.pk, at=LONG_AGO)
    steps = [(reopen_task, first), (complete_task, last), (complete_task, first)]
    for step, task in steps:
        assert "onboarding-done" not in keys(acme)
        with organization_scope(acme.pk):
            step(client, task.pk, at=LONG_AGO)
    assert wait_until(lambda: "onboarding-done" in keys(acme))


def test_switched_off_nothing_waits(acme: Organization) -> None:
    with override_settings(MILESTONES_AT_ONCE=False):
        record(acme, event("m1"))
    assert threads() == []


def test_a_queue_that_is_full_says_so_and_the_night_finds_the_rest(
    acme: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    ids = store(acme, [logins(LONG_AGO)] * 3)
    small = Detector(most_waiting=2)
    small.queue(acme.pk, ids)
    small.close(seconds=10)
    assert len(reached(acme)) == 2
    assert [(entry.message, entry.clients) for entry in caplog.records] == [  # type: ignore[attr-defined]
        ("milestones.queue_was_full", 1)
    ]
    reach(acme)
    assert len(reached(acme)) == 3


def test_a_failing_database_is_logged_and_survived(acme: Organization, caplog: pytest.LogCaptureFixture) -> None:
    [client] = store(acme, [logins(LONG_AGO)])
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE success_milestone RENAME TO away")
    try:
        detector.queue(acme.pk, [client])
        assert wait_until(lambda: bool(caplog.records))
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO success_milestone")
    assert {(each.message, each.levelno, each.organization_id) for each in caplog.records} == {  # type: ignore[attr-defined]
        ("milestones.detection_failed", logging.ERROR, acme.pk)
    }
    detector.queue(acme.pk, [client])
    assert wait_until(lambda: keys(acme) == ["first-login"])


def test_a_lost_connection_is_replaced(acme: Organization, caplog: pytest.LogCaptureFixture) -> None:
    first, second = store(acme, [logins(LONG_AGO)] * 2)
    detector.queue(acme.pk, [first])
    assert wait_until(lambda: len(reached(acme)) == 1)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle'"
            " AND datname = current_database() AND usename <> current_user AND query LIKE 'COMMIT%'"
        )
    connections["default"].close()
    detector.queue(acme.pk, [second])
    assert wait_until(lambda: len(reached(acme)) == 2)


def test_an_idle_thread_ends_and_another_begins(acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "IDLE_SECONDS", 0.01)
    first, second = store(acme, [logins(LONG_AGO)] * 2)
    for number, client in enumerate([first, second], start=1):
        detector.queue(acme.pk, [client])
        assert wait_until(lambda number=number: len(reached(acme)) == number and not threads())  # type: ignore[misc]


def test_what_comes_while_a_thread_ends_begins_another(acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    ending, may_end = threading.Event(), threading.Event()
    close_all = connections.close_all

    def end_slowly() -> None:
        ending.set()
        may_end.wait(10)
        close_all()

    monkeypatch.setattr(arrivals, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(connections, "close_all", end_slowly)
    first, second = store(acme, [logins(LONG_AGO)] * 2)
    detector.queue(acme.pk, [first])
    assert ending.wait(10)
    detector.queue(acme.pk, [second])
    assert wait_until(lambda: len(reached(acme)) == 2)
    may_end.set()
    assert wait_until(lambda: not threads())


def test_while_more_comes_in_what_has_gathered_is_taken_together(acme: Organization) -> None:
    ids = store(acme, [logins(LONG_AGO)] * 300)
    for client in ids:
        detector.queue(acme.pk, [client])
    assert wait_until(lambda: len(reached(acme)) == 300)
    with organization_scope(acme.pk):
        moments = Milestone.objects.values_list("detected_at", flat=True).distinct().count()
    assert moments < 30


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_begins_with_nothing(acme: Organization) -> None:
    [client] = store(acme, [logins(LONG_AGO)])
    detector.queue(acme.pk, [client])
    assert wait_until(lambda: keys(acme) == ["first-login"])
    child = os.fork()
    if child == 0:
        os._exit(0 if detector._thread is None and not detector._waiting else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(threads()) == 1
