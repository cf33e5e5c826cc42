from collections.abc import Mapping
from dataclasses import replace

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs import units as states
from jobs.definitions import Job, WorkUnit
from jobs.failing import ATTEMPTS_AT_A_RANGE, ATTEMPTS_AT_ONE
from jobs.models import JobUnit
from jobs.running import describe, work_one
from jobs.units import claim_unit, finish_unit, lock_unit
from tests.factories import ClientFactory
from tests.jobs import sample_jobs
from tests.jobs.ledgers import MONDAY, begin, names, run_through, units
from tests.jobs.sample_jobs import checks
from tests.jobs.sample_jobs import names as naming


def install(monkeypatch: pytest.MonkeyPatch, job: Job) -> Job:
    monkeypatch.setattr(sample_jobs, job.name, job)
    return job


@pytest.fixture(autouse=True)
def _clients(client_of_acme: Client, outsider: Organization) -> None:
    pass


def test_a_worker_whose_time_is_up_gives_its_unit_back(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(unit: WorkUnit) -> Mapping[str, int]:
        raise SoftTimeLimitExceeded

    run = begin(install(monkeypatch, replace(naming, work=work)), organization=organization).run
    with pytest.raises(SoftTimeLimitExceeded):
        work_one(run)
    assert units(run) == [(None, None, "pending")]


def test_an_organization_that_fails_stops_no_other(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(unit: WorkUnit) -> Mapping[str, int]:
        if unit.organization == organization.pk:
            raise RuntimeError("broken")
        return {"processed": 1, "success": 1}

    run = run_through(install(monkeypatch, replace(checks, work=work)))
    assert (run.status, run.counts) == ("partial", {"processed": 2, "success": 1, "failed": 1})
    assert run.errors == [{"organization": "acme", "message": "RuntimeError: broken"}]


def test_what_fails_everywhere_is_given_up_soon(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def work(unit: WorkUnit) -> Mapping[str, int]:
        nonlocal calls
        calls += 1
        raise RuntimeError("broken")

    monkeypatch.setattr("jobs.failing.SPLITS_WITHOUT_SUCCESS", 4)
    for _ in range(30):
        ClientFactory.create(organization=organization)
    run = run_through(install(monkeypatch, replace(naming, work=work)), organization=organization)
    assert (run.status, run.counts, calls) == ("failed", {"processed": 31, "failed": 31}, 9)


def test_what_can_pass_is_tried_again(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(unit: WorkUnit) -> Mapping[str, int]:
        if len(attempts) < 2:
            attempts.append(1)
            raise OperationalError("deadlock detected")
        return sample_jobs.name_clients(unit)

    attempts: list[int] = []
    monkeypatch.setattr(states, "RETRY_SECONDS", 0)
    run = run_through(install(monkeypatch, replace(naming, work=work)), organization=organization)
    assert (run.status, run.counts, names(organization)) == (
        "succeeded",
        {"processed": 1, "success": 1},
        ["2026-09-07 "],
    )


def test_what_never_passes_has_failed_with_its_reason(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(unit: WorkUnit) -> Mapping[str, int]:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(states, "RETRY_SECONDS", 0)
    run = run_through(install(monkeypatch, replace(naming, work=work)), organization=organization)
    assert [error["message"] for error in run.errors] == ["OperationalError: deadlock detected"]


def test_a_range_too_slow_for_its_time_is_halved(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(unit: WorkUnit) -> Mapping[str, int]:
        if unit.first_client is None and unit.last_client is None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(1)")
        return sample_jobs.name_clients(unit)

    ClientFactory.create(organization=organization)
    run = run_through(install(monkeypatch, replace(naming, work=work)), organization=organization)
    assert (run.status, run.counts) == ("succeeded", {"processed": 2, "success": 2})
    assert [status for _, _, status in units(run)] == ["split", "done", "done"]


def test_a_unit_that_kills_its_workers_is_given_up() -> None:
    run = begin(checks).run
    with all_organizations():
        JobUnit.objects.update(attempt=ATTEMPTS_AT_ONE)
    assert [work_one(run), work_one(run), work_one(run)] == [True, True, False]
    with all_organizations():
        assert set(JobUnit.objects.values_list("status", "error")) == {("failed", "Its workers were killed.")}


def test_a_range_that_kills_its_workers_is_halved(organization: Organization) -> None:
    ClientFactory.create(organization=organization)
    run = begin(naming, organization=organization).run
    with all_organizations():
        JobUnit.objects.update(attempt=ATTEMPTS_AT_A_RANGE)
    work_one(run)
    assert [status for _, _, status in units(run)] == ["split", "pending", "pending"]


def test_a_single_client_near_killed_workers_is_tried_on(organization: Organization) -> None:
    run = begin(naming, organization=organization).run
    with all_organizations():
        JobUnit.objects.update(attempt=ATTEMPTS_AT_A_RANGE)
    work_one(run)
    assert units(run) == [(None, None, "done")]


def test_a_worker_that_lost_its_unit_changes_nothing(organization: Organization) -> None:
    run = begin(naming, organization=organization).run
    with all_organizations():
        slow = claim_unit(run, naming, now=MONDAY)
        assert slow
        JobUnit.objects.update(claimed_at="2026-01-01T00:00Z")
        quick = claim_unit(run, naming, now=MONDAY)
        assert quick
        assert (slow.unit_id, slow.attempt, quick.attempt) == (quick.unit_id, 1, 2)
        assert not lock_unit(slow)
        finish_unit(slow, counts='{"processed": 99}', now=MONDAY)
    assert units(run) == [(None, None, "claimed")]


def test_a_fresh_claim_is_not_taken_over(organization: Organization) -> None:
    run = begin(naming, organization=organization).run
    with all_organizations():
        assert claim_unit(run, naming, now=MONDAY)
        assert claim_unit(run, naming, now=MONDAY) is None


def test_an_error_of_the_database_is_told_without_the_row(settings: Settings) -> None:
    error = RuntimeError("duplicate key\nDETAIL: Key (email)=(somebody@example.com) already exists.")
    assert describe(error) == "RuntimeError: duplicate key"
