"""What the jobs are to one organization: its own units tell, and nothing of others does."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from jobs.ledger import skip_periods
from jobs.models import JobRun, JobUnit, Watermark
from jobs.own_states import OwnJobState, own_job_states
from jobs.schedule_sync import sync_schedules
from tests.factories import ClientFactory, OrganizationFactory
from tests.jobs.ledgers import MONDAY, WEEK, begin, run_through
from tests.jobs.sample_jobs import checks, letters
from tests.jobs.sample_jobs import names as naming

HOUR = timedelta(hours=1)
WEDNESDAY = MONDAY + timedelta(days=2)


@pytest.fixture(autouse=True)
def _schedules(client_of_acme: Client, outsider: Organization) -> Iterator[None]:
    for organization in (client_of_acme.organization, outsider):
        change(organization, created_at=MONDAY - 9 * WEEK)
    with time_machine.travel(WEDNESDAY, tick=False):
        sync_schedules()
        yield


def states(organization: Organization, *, as_of: datetime = WEDNESDAY) -> dict[str, OwnJobState]:
    with organization_scope(organization.pk):
        fresh = Organization.objects.get(pk=organization.pk)
        return {state.job.name: state for state in own_job_states(fresh, as_of=as_of)}


def fared(organization: Organization, *, job: str = "names", as_of: datetime = WEDNESDAY) -> Any:
    """Period, status and errors of the newest run."""
    run = states(organization, as_of=as_of)[job].last_run
    return run and (run.period, run.status, run.errors)


def late_since(organization: Organization, *, job: str = "names", as_of: datetime = WEDNESDAY) -> datetime | None:
    return states(organization, as_of=as_of)[job].late_since


def poison(organization: Organization) -> None:
    ClientFactory.create(organization=organization, external_id="poison")


def change(organization: Organization, **fields: Any) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(**fields)


def test_without_a_run_there_is_none(organization: Organization) -> None:
    assert {name: state.last_run for name, state in states(organization).items()} == {
        "names": None,
        "letters": None,
        "checks": None,
    }


def test_each_organization_is_told_what_came_of_its_own_units(
    organization: Organization, outsider: Organization
) -> None:
    third = OrganizationFactory.create()
    poison(outsider)
    poison(third)
    assert run_through(naming).status == "partial"
    assert [fared(each) for each in (organization, outsider, third)] == [
        ("2026-09-07", "succeeded", 0),
        ("2026-09-07", "partial", 1),
        ("2026-09-07", "failed", 1),
    ]


def test_clients_that_failed_inside_of_a_unit_that_is_done_show(organization: Organization) -> None:
    run = run_through(naming)
    with all_organizations():
        JobUnit.objects.filter(run=run, organization=organization).update(counts={"processed": 9, "failed": 2})
    assert fared(organization) == ("2026-09-07", "partial", 0)


def test_a_run_is_over_for_those_whose_work_is_done(organization: Organization, outsider: Organization) -> None:
    run = begin(naming).run
    with all_organizations():
        JobUnit.objects.filter(run=run, organization=organization).update(status="done", ended_at=MONDAY)
    assert [fared(each, as_of=MONDAY) for each in (organization, outsider)] == [
        ("2026-09-07", "succeeded", 0),
        ("2026-09-07", "running", 0),
    ]


def test_only_the_units_of_the_newest_generation_count(organization: Organization, client_of_acme: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(external_id="poison")
    run_through(naming)
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(external_id="cured")
    run_through(naming, again=True)
    assert fared(organization) == ("2026-09-07", "succeeded", 0)


def test_a_run_of_the_organization_alone_is_its_own_and_nobody_elses(
    organization: Organization, outsider: Organization
) -> None:
    run_through(naming, at=MONDAY - WEEK)
    poison(outsider)
    run_through(naming, organization=outsider)
    assert (fared(organization), fared(outsider)) == (("2026-08-31", "succeeded", 0), ("2026-09-07", "partial", 1))


def test_runs_that_left_it_out_are_not_its_own(organization: Organization, outsider: Organization) -> None:
    change(organization, runs_jobs=False)
    run_through(naming)
    assert (fared(organization), fared(outsider)) == (None, ("2026-09-07", "succeeded", 0))


def test_what_was_skipped_as_too_late_was_so_for_all_that_were_there(
    organization: Organization, outsider: Organization
) -> None:
    change(outsider, created_at=WEDNESDAY)
    with all_organizations():
        period = letters.every.period_of(MONDAY)
        skip_periods(letters, [(period, MONDAY)], trigger=JobRun.Trigger.CLOCK, now=MONDAY)
    assert fared(organization, job="letters") == ("2026-09-07", "skipped_late", 0)
    assert fared(outsider, job="letters") is None


def test_a_run_of_which_the_units_are_gone_is_not_told_of(organization: Organization) -> None:
    run_through(naming)
    assert fared(organization, as_of=MONDAY + timedelta(days=29)) == ("2026-09-07", "succeeded", 0)
    assert fared(organization, as_of=MONDAY + timedelta(days=30)) is None


def test_work_waits_for_the_end_of_its_week_over_there(organization: Organization, outsider: Organization) -> None:
    change(outsider, timezone="Pacific/Honolulu")
    begin(naming)
    run = states(outsider, as_of=MONDAY)["names"].last_run
    assert run
    assert (run.status, run.open_since) == ("running", MONDAY + 3 * HOUR)
    assert [states(each)["names"].next_due_at for each in (organization, outsider)] == [
        MONDAY + WEEK,
        MONDAY + WEEK + 3 * HOUR,
    ]
    assert late_since(outsider, as_of=MONDAY + 4 * HOUR) is None
    assert late_since(outsider, as_of=MONDAY + 5 * HOUR) == MONDAY + 3 * HOUR
    assert late_since(organization, as_of=MONDAY + 2 * HOUR) == MONDAY


def test_an_old_period_that_is_run_now_is_not_late_at_once(organization: Organization) -> None:
    begin(naming, period=naming.every.period_of(MONDAY - 5 * WEEK))
    assert late_since(organization, as_of=MONDAY + HOUR) is None


def test_a_missed_time_is_late_until_the_organization_was_run_by_itself(
    organization: Organization, outsider: Organization
) -> None:
    Watermark.objects.filter(job="names").update(handled_until=MONDAY - HOUR)
    assert (late_since(organization), late_since(outsider)) == (MONDAY, MONDAY)
    run_through(naming, organization=organization)
    assert (late_since(organization), late_since(outsider)) == (None, MONDAY)


def test_a_newer_run_makes_up_for_what_is_never_caught_up(organization: Organization) -> None:
    Watermark.objects.filter(job="checks").update(handled_until=WEDNESDAY - 5 * HOUR)
    Watermark.objects.filter(job="names").update(handled_until=MONDAY - WEEK - HOUR)
    assert late_since(organization, job="checks") == WEDNESDAY - 4 * HOUR
    run_through(checks, at=WEDNESDAY, organization=organization)
    run_through(naming, organization=organization)
    assert late_since(organization, job="checks") is None
    assert late_since(organization) == MONDAY - WEEK


def test_a_run_of_another_organization_that_stands_still_is_no_matter(
    organization: Organization, outsider: Organization
) -> None:
    begin(naming, organization=outsider)
    assert (late_since(organization), late_since(outsider)) == (None, MONDAY)


@pytest.mark.parametrize("facts", [{"runs_jobs": False}, {"status": "suspended"}, {"status": "pending"}])
def test_nothing_is_due_or_late_where_jobs_do_not_work(organization: Organization, facts: dict[str, Any]) -> None:
    Watermark.objects.filter(job="names").update(handled_until=MONDAY - HOUR)
    change(organization, **facts)
    assert {(state.next_due_at, state.late_since) for state in states(organization).values()} == {(None, None)}


def test_nothing_is_due_while_automatic_work_is_switched_off(organization: Organization, settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    assert {state.next_due_at for state in states(organization).values()} == {None}


def test_a_paused_schedule_shows(organization: Organization) -> None:
    PeriodicTask.objects.filter(name="letters").update(enabled=False)
    assert [name for name, state in states(organization).items() if state.is_paused] == ["letters"]


def test_jobs_of_the_installation_are_left_out(organization: Organization, settings: Settings) -> None:
    settings.JOBS = settings.JOBS | {"census": {"crontab": "0 1 * * *", "handler": "tests.jobs.sample_jobs.census"}}
    assert list(states(organization)) == ["names", "letters", "checks"]


def test_it_takes_as_many_queries_with_many_runs(organization: Organization) -> None:
    run_through(naming)
    with CaptureQueriesContext(connection) as one:
        states(organization)
    for weeks in (1, 2):
        run_through(naming, at=MONDAY - weeks * WEEK)
        run_through(checks, at=MONDAY - weeks * WEEK)
        poison(OrganizationFactory.create())
    run_through(naming, again=True)
    with CaptureQueriesContext(connection) as many:
        states(organization)
    assert len(many) == len(one)
