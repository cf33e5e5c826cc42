from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.ledger import close_run
from jobs.models import JobRun
from jobs.running import Patience, work_on, work_one
from tests.factories import ClientFactory, OrganizationFactory
from tests.jobs.ledgers import MONDAY, PATIENCE, begin, names, run_through, runs, units
from tests.jobs.sample_jobs import census, checks, letters, replies
from tests.jobs.sample_jobs import names as naming

HOUR = timedelta(hours=1)


def change(*organizations: Organization, **values: object) -> None:
    """Those organizations, or all of them."""
    with all_organizations():
        rows = Organization.objects.filter(pk__in=[each.pk for each in organizations]) if organizations else None
        (Organization.objects if rows is None else rows).update(**values)


@pytest.fixture(autouse=True)
def _clients(client_of_acme: Client, outsider: Organization) -> None:
    pass


def test_a_period_that_is_done_is_not_run_again(organization: Organization) -> None:
    first = run_through(naming)
    again = begin(naming)
    assert (again.is_new, again.run.pk, again.run.counts) == (False, first.pk, {"processed": 2, "success": 2})
    assert names(organization) == ["2026-09-07 "]


def test_by_hand_a_period_is_run_again_in_the_same_row(organization: Organization) -> None:
    first = run_through(naming)
    again = run_through(naming, again=True)
    assert (again.pk, again.generation, again.counts) == (first.pk, 2, first.counts)
    assert names(organization) == ["2026-09-07 2026-09-07 "]


def test_a_run_that_goes_on_is_joined_even_by_hand() -> None:
    first = begin(naming)
    assert (begin(naming, again=True).is_new, begin(naming).run.generation) == (False, first.run.generation)


def test_what_a_job_comes_after_is_begun_and_done_before_it(organization: Organization) -> None:
    run_through(letters)
    assert runs() == [("names", "2026-09-07", "succeeded"), ("letters", "2026-09-07", "succeeded")]
    assert names(organization) == ["2026-09-07 2026-09-07 "]


def test_what_a_job_comes_after_is_begun_for_its_organization_alone(organization: Organization) -> None:
    begin(letters, organization=organization)
    with all_organizations():
        assert set(JobRun.objects.values_list("job", "organization")) == {
            ("names", organization.pk),
            ("letters", organization.pk),
        }


def test_what_a_job_comes_after_is_not_begun_again(organization: Organization) -> None:
    run_through(naming)
    run_through(letters, organization=organization)
    run_through(letters, organization=organization, again=True)
    assert [job for job, _, _ in runs()] == ["names", "letters"]


def test_one_organization_alone(organization: Organization, outsider: Organization) -> None:
    run_through(naming, organization=organization)
    assert (names(organization), names(outsider)) == (["2026-09-07 "], [""])


def test_a_run_of_one_organization_joins_the_run_of_all_while_that_works_on_it(organization: Organization) -> None:
    of_all = begin(naming).run
    assert begin(naming, organization=organization).run == of_all
    work_on(of_all, patience=PATIENCE)
    assert begin(naming, organization=organization, again=True).is_new


def test_a_run_of_all_waits_for_the_run_of_one_organization(organization: Organization, outsider: Organization) -> None:
    of_one = begin(naming, organization=organization).run
    of_all = begin(naming).run
    assert [work_one(of_all), work_one(of_all)] == [True, False]
    assert (names(organization), names(outsider)) == ([""], ["2026-09-07 "])
    work_one(of_one)
    assert work_one(of_all)


def test_only_active_organizations_that_want_automatic_work() -> None:
    for changes in ({"status": "pending"}, {"status": "suspended"}, {"runs_jobs": False}):
        ClientFactory.create(organization=OrganizationFactory.create(**changes))
    assert run_through(naming).counts == {"processed": 2, "success": 2}


def test_an_organization_that_switched_itself_off_can_be_run_by_hand(organization: Organization) -> None:
    change(organization, runs_jobs=False)
    assert run_through(naming, organization=organization).counts == {"processed": 1, "success": 1}


def test_an_hourly_job_is_recorded_by_its_hour() -> None:
    run_through(checks, at=MONDAY + HOUR)
    assert runs() == [("checks", "2026-09-07T08Z", "succeeded")]


def test_a_job_of_the_installation_is_one_unit_that_sees_everybody(settings: Settings) -> None:
    settings.JOBS = {"census": {"crontab": "0 1 * * *", "handler": "tests.jobs.sample_jobs.census"}}
    assert run_through(census).counts == {"processed": 2}


def test_without_an_organization_the_run_ends_at_once() -> None:
    change(runs_jobs=False)
    run = begin(naming).run
    assert (run.status, run.counts) == ("succeeded", {})


def test_a_unit_waits_for_midnight_where_its_organization_is(organization: Organization) -> None:
    change(organization, timezone="America/Los_Angeles")
    with time_machine.travel(datetime(2026, 9, 7, 6, 59, tzinfo=UTC), tick=False):
        run = work_on(begin(naming).run, patience=Patience(5, waits=True))
        assert (run.status, names(organization)) == ("running", [""])
    with time_machine.travel(datetime(2026, 9, 7, 7, 0, tzinfo=UTC), tick=False):
        run = work_on(run, patience=PATIENCE)
        assert (run.status, names(organization)) == ("succeeded", ["2026-09-07 "])


def test_a_run_with_an_open_unit_is_not_closed() -> None:
    run = begin(naming).run
    work_one(run)
    assert not close_run(run, now=MONDAY)
    work_one(run)
    assert close_run(run, now=MONDAY)
    assert close_run(run, now=MONDAY + HOUR)
    assert run.ended_at == MONDAY


@pytest.mark.parametrize(
    ("clients", "small", "largest", "expected"),
    [(4, 4, 8, 1), (5, 4, 8, 2), (16, 4, 8, 2), (17, 4, 8, 4)],
)
def test_a_large_organization_is_cut_into_few_even_pieces(
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
    clients: int,
    small: int,
    largest: int,
    expected: int,
) -> None:
    monkeypatch.setattr("jobs.planning.SMALL_ORGANIZATION", small)
    ids = _fill(organization, clients)
    run = begin(replace(naming, largest_piece=largest), organization=organization).run
    pieces = [(first, last) for first, last, _ in units(run)]
    sizes = [sum((first or 0) <= each <= (last or max(ids)) for each in ids) for first, last in pieces]
    assert (len(pieces), sum(sizes)) == (expected, clients)
    assert max(sizes) - min(sizes) <= 1
    assert (pieces[0][0], pieces[-1][1]) == (None, None)


def test_whoever_works_on_the_end_of_a_chain_works_on_all_of_it(settings: Settings) -> None:
    settings.JOBS |= {"replies": {"crontab": "0 9 * * 1", "handler": "tests.jobs.sample_jobs.replies"}}
    run_through(replies)
    assert runs() == [(job, "2026-09-07", "succeeded") for job in ("names", "letters", "replies")]


def test_a_job_of_small_pieces_cuts_small_organizations_too(organization: Organization) -> None:
    _fill(organization, 9)
    assert len(units(begin(replace(naming, largest_piece=3), organization=organization).run)) == 4


@pytest.mark.parametrize("cut_at", [2, 4, 100])
def test_no_two_units_of_a_job_that_locks_stripes_touch_the_same_one(organization: Organization, cut_at: int) -> None:
    ids = _fill(organization, 23)
    job = replace(naming, largest_piece=3, cut_at=cut_at)
    pieces = [(first or 0, last or max(ids)) for first, last, _ in units(begin(job, organization=organization).run)]
    worked_on = [[each for each in ids if first <= each <= last] for first, last in pieces]
    stripes = [stripe for piece in worked_on for stripe in sorted({each // cut_at for each in piece})]
    assert sorted(each for piece in worked_on for each in piece) == ids
    assert stripes == sorted({each // cut_at for each in ids})
    assert max(len(piece) for piece in worked_on) < 3 + cut_at


def test_clients_who_come_while_a_run_goes_on_are_worked_on(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.planning.SMALL_ORGANIZATION", 1)
    _fill(organization, 4)
    run = begin(naming, organization=organization).run
    ClientFactory.create(organization=organization)
    assert work_on(run, patience=PATIENCE).counts == {"processed": 5, "success": 5}


def _fill(organization: Organization, clients: int) -> list[int]:
    """Clients of two organizations, so that the ids of one are not in a row."""
    with all_organizations():
        missing = clients - Client.objects.filter(organization=organization).count()
    other = OrganizationFactory.create()
    for _ in range(missing):
        ClientFactory.create(organization=other)
        ClientFactory.create(organization=organization)
    with all_organizations():
        return sorted(Client.objects.filter(organization=organization).values_list("id", flat=True))
