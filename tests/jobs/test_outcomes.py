"""Which jobs fail again and again: altogether, or in one organization beside others that work."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.ledger import close_run
from jobs.models import JobRun, JobUnit
from jobs.outcomes import FailingJob, failing_jobs
from tests.factories import ClientFactory, OrganizationFactory, UserFactory
from tests.jobs.ledgers import MONDAY, WEEK, begin, run_through
from tests.jobs.sample_jobs import names as naming
from tests.sessions import sign_in

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _healthy_organization(organization: Organization, outsider: Organization) -> None:
    pass


def ran(at: datetime, *failed_in: str, **facts: Any) -> JobRun:
    with all_organizations():
        run: JobRun = JobRun.objects.create(
            **{
                "job": "names",
                "period": f"{at:%Y-%m-%d}",
                "trigger": "clock",
                "due_at": at,
                "started_at": at,
                "ended_at": at,
                "status": "partial" if failed_in else "succeeded",
                "counts": {"processed": 5, "success": 4},
                "errors": [{"organization": slug, "message": "DataError"} for slug in failed_in],
            }
            | facts
        )
    return run


def failing_in(runs: Sequence[JobRun], *slugs: str) -> list[FailingJob]:
    return [FailingJob("names", [run.pk for run in reversed(runs)], list(slugs))]


def test_an_organization_whose_unit_fails_twice_in_a_row_is_named(
    client_of_acme: Client, outsider: Organization
) -> None:
    ClientFactory.create(organization=outsider)
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(external_id="poison")
    runs = [run_through(naming, at=MONDAY)]
    assert failing_jobs() == []
    runs.append(run_through(naming, at=MONDAY + WEEK))
    assert [run.status for run in runs] == ["partial", "partial"]
    assert failing_jobs() == failing_in(runs, "acme")


def test_only_what_both_of_the_last_two_runs_list_counts() -> None:
    ran(MONDAY, "acme", "outsider")
    runs = [ran(MONDAY + WEEK, "acme", "outsider", "acme"), ran(MONDAY + 2 * WEEK, "acme")]
    assert failing_jobs() == failing_in(runs, "acme")
    ran(MONDAY + 3 * WEEK)
    assert failing_jobs() == []


def test_one_that_fails_every_other_time_or_many_times_in_one_run_is_not_named() -> None:
    ran(MONDAY, "acme")
    ran(MONDAY + WEEK, "outsider")
    ran(MONDAY + 2 * WEEK, "acme", "acme")
    assert failing_jobs() == []


def test_a_job_that_brought_nothing_at_all_is_one_matter() -> None:
    runs = [ran(MONDAY + week * WEEK, "acme", "outsider", status="failed", counts={}) for week in range(2)]
    assert failing_jobs() == failing_in(runs)


@pytest.mark.parametrize(
    ("own", "is_over"),
    [
        ({"status": "succeeded"}, True),
        ({"status": "partial"}, False),
        ({"status": "running", "ended_at": None}, False),
        ({"status": "succeeded", "started_at": MONDAY}, False),
        ({"status": "succeeded", "job": "letters"}, False),
    ],
)
def test_an_organization_that_was_run_by_itself_since_works_again(
    organization: Organization, own: dict[str, Any], is_over: bool
) -> None:
    runs = [ran(MONDAY, "acme", "outsider"), ran(MONDAY + WEEK, "acme", "outsider")]
    ran(MONDAY + WEEK + DAY, organization=organization, **own)
    assert failing_jobs() == failing_in(runs, *([] if is_over else ["acme"]), "outsider")


def test_runs_of_one_organization_do_not_stand_for_those_of_all(organization: Organization) -> None:
    runs = [ran(MONDAY + week * WEEK, "acme") for week in range(2)]
    for week in range(2, 4):
        ran(MONDAY + week * WEEK, "acme", organization=organization)
    assert failing_jobs() == failing_in(runs, "acme")


def test_the_number_of_queries_does_not_grow_with_what_fails() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            failing_jobs()
        return len(captured)

    none = queries()
    for week in range(2):
        ran(MONDAY + week * WEEK, "acme", "outsider")
    assert len(failing_jobs()) == 1
    assert queries() == none


def test_the_errors_that_are_kept_name_each_organization_before_any_twice(organization: Organization) -> None:
    for _ in range(100):
        OrganizationFactory.create()
    run = begin(naming).run
    with all_organizations():
        units = JobUnit.objects.filter(run=run)
        of_acme = units.get(organization=organization)
        for client in range(1, 4):
            JobUnit.objects.create(
                run=run, generation=1, organization=organization, first_client=client, last_client=client,
                available_at=MONDAY, status="failed",
            )  # fmt: skip
        units.exclude(pk=of_acme.pk).update(status="failed")
        of_acme.delete()
    assert close_run(run, now=MONDAY)
    slugs = [error["organization"] for error in run.errors]
    assert (len(slugs), len(set(slugs)), run.error_count, "acme" in slugs) == (100, 100, 104, True)


def test_the_page_of_all_jobs_names_the_organizations(browser: Browser) -> None:
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    for week in range(2):
        ran(MONDAY + week * WEEK, "acme", "outsider")
    assert "fails repeatedly: acme, outsider<" in browser.get("/admin/jobs/jobrun/status/").content.decode()
