"""The end of the weekly chain: mails are queued once, handed over, and counted, the others with their reasons."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models import OutboxEmail
from emails.models.preferences import Source
from jobs.definitions import job_named
from jobs.models import JobRun
from jobs.reconciling import reconcile, reconcile_all
from jobs.schedule_sync import sync_schedules
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.test_insights_writing import ONCE
from tests.success.test_scoring import BUSY

# Eight o'clock in the morning, where the quiet is over everywhere in these tests.
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
CRON = {"authorization": "Bearer cron-secret-of-the-tests"}
COUNTS = ("processed", "queued", "sent", "skipped", "failed", "waiting", "uncertain")


@pytest.fixture(autouse=True)
def _senders(settings: Settings) -> None:
    settings.MAIL_SENDERS = 1
    settings.CRON_WAIT_SECONDS = 20


@pytest.fixture
def clock(committed_db: None) -> Iterator[Any]:
    with time_machine.travel(MONDAY - timedelta(minutes=30), tick=False) as traveller:
        sync_schedules()
        traveller.move_to(MONDAY)
        yield traveller


@pytest.fixture
def acme(clock: Any) -> Organization:
    organization: Organization = OrganizationFactory.create(slug="acme", timezone="UTC")
    store(organization, [BUSY, ONCE, BUSY, BUSY])
    return organization


def clients(organization: Organization) -> list[Client]:
    with all_organizations():
        found = list(Client.objects.filter(organization=organization).order_by("id"))
        for client in found:
            client.email = f"{client.external_id}@example.org"
            client.save(update_fields=["email"])
    return found


def agree(*those: Client) -> None:
    for client in those:
        with organization_scope(client.organization_id):
            record_consent(client, category=Category.WEEKLY, is_given=True, source=Source.STAFF, at=MONDAY)


def post(body: Any = "") -> dict[str, Any]:
    response = Browser().post("/api/cron/success-email", body, content_type="application/json", headers=CRON)
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


def counts(told: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in told.items() if name in COUNTS or name.startswith("skipped_")}


def test_the_endpoint_runs_the_whole_chain_and_hands_the_mails_over(acme: Organization) -> None:
    busy, once, no_address, _never_asked = clients(acme)
    agree(busy, once, no_address)
    with all_organizations():
        Client.objects.filter(pk=no_address.pk).update(email="")
    told = post()
    assert counts(told) == {
        "processed": 4, "queued": 2, "sent": 2, "skipped": 2, "failed": 0, "waiting": 0, "uncertain": 0,
        "skipped_no_address": 1, "skipped_not_asked": 1,
    }  # fmt: skip
    assert sorted(message.to for message in mail.outbox) == sorted([[busy.email], [once.email]])
    with all_organizations():
        jobs = list(JobRun.objects.order_by("id").values_list("job", "status"))
    assert jobs == [(name, "succeeded") for name in ("success-score", "success-insights", "success-email")]


def test_asked_again_it_sends_nothing_and_tells_the_same(acme: Organization) -> None:
    agree(*clients(acme))
    first = counts(post())
    assert (first["sent"], len(mail.outbox)) == (4, 4)
    assert counts(post()) == first
    again = counts(post({"organization": "acme"}))
    assert again == first | {"processed": 0, "queued": 0}
    assert len(mail.outbox) == 4


def test_mails_that_wait_for_the_morning_are_told_as_waiting(acme: Organization, clock: Any) -> None:
    agree(*clients(acme))
    with all_organizations():
        Client.objects.filter(organization=acme).update(timezone="Pacific/Honolulu")
    told = counts(post())
    assert (told["queued"], told["sent"], told["waiting"], mail.outbox) == (4, 0, 4, [])
    clock.move_to(MONDAY + timedelta(hours=9))
    told = counts(post())
    assert (told["sent"], told["waiting"], len(mail.outbox)) == (4, 0, 4)


def test_an_older_week_is_too_late_to_be_mailed(acme: Organization) -> None:
    agree(*clients(acme))
    told = counts(post({"periodEnd": "2026-11-02"}))
    assert (told["skipped"], told["skipped_late"], told["sent"], mail.outbox) == (4, 4, 0, [])


@pytest.mark.parametrize(
    ("down", "statuses"),
    [
        (timedelta(hours=47), ["running"]),
        (timedelta(hours=49), ["skipped_late"]),
        (timedelta(days=8), ["skipped_late", "running"]),
    ],
)
def test_a_clock_that_was_down_mails_the_newest_week_within_two_days(
    acme: Organization, down: timedelta, statuses: list[str]
) -> None:
    reconcile(job_named("success-email"), now=MONDAY + down)
    with all_organizations():
        runs = JobRun.objects.filter(job="success-email").order_by("period")
        assert list(runs.values_list("status", flat=True)) == statuses


def test_mails_wait_for_the_insights_of_their_week(acme: Organization) -> None:
    reconcile_all(now=MONDAY)
    with all_organizations():
        waits = JobRun.objects.get(job="success-email")
        assert waits.status == "running"
        assert OutboxEmail.objects.count() == 0


def test_one_client_who_cannot_be_written_to_stops_no_other(acme: Organization) -> None:
    those = clients(acme)
    agree(*those)
    with all_organizations():
        Client.objects.filter(pk=those[1].pk).update(name="x" * 255, email=f"{'a' * 64}@{'b' * 60}.example.org")
    told = counts(post())
    assert (told["sent"] + told["skipped"] + told["failed"], told["failed"]) == (4, 0)
    assert told["sent"] >= 3
