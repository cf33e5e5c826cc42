from dataclasses import replace
from datetime import datetime

import pytest
from pytest_django import Settings

from accounts.models import Organization
from config.schedules import JOBS
from jobs.asking import FuturePeriodError, UnableToRunPeriodError, check_period
from jobs.definitions import Job, all_jobs
from jobs.periods import Every
from tests.jobs.sample_jobs import census, checks, letters, names

monthly = replace(letters, name="monthly", every=Every.MONTH)


def problem(job: Job, key: str, *, at: str = "2026-09-09T15:00Z", zone: str = "") -> tuple[type[Exception], str] | None:
    organization = Organization(timezone=zone) if zone else None
    if organization:
        organization.clean_fields(exclude=["name", "slug"])
    try:
        check_period(job.every.period(key), job=job, organization=organization, now=datetime.fromisoformat(at))
    except UnableToRunPeriodError as error:
        return type(error), str(error)
    return None


@pytest.mark.parametrize(
    ("job", "key", "usual"),
    [
        (letters, "2026-09-07", None),
        (letters, "2026-09-08", "The weeks of letters end on Mondays: ask for 2026-09-07."),
        (letters, "2026-09-06", "The weeks of letters end on Mondays: ask for 2026-08-31."),
        (monthly, "2026-09-01", None),
        (monthly, "2026-08-31", "The months of monthly end on the first of the next: ask for 2026-08-01."),
        (names, "2026-09-08", None),
        (census, "2026-09-08", None),
        (checks, "2026-09-08T13Z", None),
    ],
)
def test_weeks_and_months_have_their_usual_ends_unless_the_job_takes_any(job: Job, key: str, usual: str | None) -> None:
    assert problem(job, key) == (usual and (UnableToRunPeriodError, usual))


def test_of_the_jobs_that_are_installed_only_scores_and_the_check_after_them_take_any_day(settings: Settings) -> None:
    settings.JOBS = JOBS
    usual = {job.name: job.ends_on_any_day for job in all_jobs() if job.every is Every.WEEK}
    assert usual == {
        "success-score": True,
        "health-check-after-scores": True,
        "success-insights": False,
        "success-email": False,
    }
    assert [job.name for job in all_jobs() if job.writes_to_clients] == ["success-email"]


@pytest.mark.parametrize(
    ("zone", "at", "day", "has_ended"),
    [
        ("", "2026-09-09T00:00Z", "2026-09-09", True),
        ("", "2026-09-09T23:59Z", "2026-09-10", False),
        ("Pacific/Auckland", "2026-09-09T12:00Z", "2026-09-10", True),
        ("Pacific/Auckland", "2026-09-09T11:59Z", "2026-09-10", False),
        ("America/Los_Angeles", "2026-09-09T06:59Z", "2026-09-09", False),
        ("America/Los_Angeles", "2026-09-09T07:00Z", "2026-09-09", True),
        ("Pacific/Pago_Pago", "2026-09-09T07:00Z", "9999-12-31", False),
    ],
)
def test_a_period_has_ended_when_it_has_where_the_organization_is(
    zone: str, at: str, day: str, has_ended: bool
) -> None:
    problems = None if has_ended else (FuturePeriodError, "This period has not ended yet.")
    assert problem(names, day, at=at, zone=zone) == problems


@pytest.mark.parametrize("zone", ["", "Pacific/Auckland"])
def test_before_all_events_there_are_no_periods(zone: str) -> None:
    assert problem(names, "1970-01-02", zone=zone) is None
    assert problem(names, "0001-01-01", zone=zone) == (UnableToRunPeriodError, "The period lies before all events.")
