from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from accounts.models import AuditEntry, Client, Organization, User
from accounts.tenancy import all_organizations
from jobs.models import JobRun, Watermark
from jobs.schedule_sync import sync_schedules
from tests.factories import MembershipFactory, UserFactory
from tests.jobs.ledgers import MONDAY, WEEK, begin, run_through, runs
from tests.jobs.sample_jobs import names as naming
from tests.sessions import sign_in

STATUS = "/admin/jobs/jobrun/status/"
RUN_NOW = "/admin/jobs/jobrun/run/names/"
LIST = "/admin/jobs/jobrun/"


@pytest.fixture
def operator(db: None) -> User:
    user: User = UserFactory.create(is_staff=True, is_superuser=True, username="operator")
    return user


@pytest.fixture
def console(browser: Browser, operator: User) -> Browser:
    return sign_in(browser, operator)


@pytest.fixture(autouse=True)
def _wednesday(client_of_acme: Client, outsider: Organization) -> Any:
    with time_machine.travel(MONDAY + WEEK / 3, tick=False):
        sync_schedules()
        yield


def test_the_page_tells_the_state_of_every_job(console: Browser) -> None:
    run_through(naming)
    Watermark.objects.filter(job="checks").update(handled_until=MONDAY)
    PeriodicTask.objects.filter(name="letters").update(enabled=False)
    page = console.get(STATUS).content.decode()
    for told in (
        "2026-09-07",
        "Succeeded",
        "100.0 %",
        "At 07:00 AM, only on Monday UTC",
        "late: due",
        "paused",
        "never",
    ):
        assert told in page, told


def test_progress_shows_while_a_run_goes_on(console: Browser) -> None:
    begin(naming)
    page = console.get(STATUS).content.decode()
    assert 'max="100" value="0">' in page
    assert '<meta http-equiv="refresh"' in page
    part = console.get(STATUS, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="home-scroll"')
    assert 'hx-trigger="every 2s"' in part


def test_run_now_asks_first(console: Browser) -> None:
    assert "has not been run for this period yet" in console.get(RUN_NOW).content.decode()
    assert runs() == []


def test_run_now_begins_a_run_and_is_audited(console: Browser, operator: User) -> None:
    assert console.post(RUN_NOW).status_code == 302
    with all_organizations():
        run = JobRun.objects.get()
        assert (run.job, run.period, run.trigger, run.triggered_by) == ("names", "2026-09-07", "admin", operator)
        assert list(AuditEntry.objects.values_list("action", "actor")) == [("job.run", operator.pk)]


def test_run_now_twice_is_one_run(console: Browser) -> None:
    console.post(RUN_NOW)
    console.post(RUN_NOW)
    with all_organizations():
        assert list(JobRun.objects.values_list("generation", flat=True)) == [1]


def test_run_now_writes_to_no_client_while_automatic_work_is_off(console: Browser, settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    asked = console.get("/admin/jobs/jobrun/run/letters/").content.decode()
    assert "letters would skip every client of this period for good" in asked
    assert "<button" not in asked.split("<form method", 1)[1].split("</form>")[0]
    assert console.post("/admin/jobs/jobrun/run/letters/").status_code == 200
    assert runs() == []
    assert console.post(RUN_NOW).status_code == 302
    assert [job for job, _, _ in runs()] == ["names"]


@pytest.mark.parametrize("path", [STATUS, RUN_NOW, "/admin/jobs/jobrun/run/nothing/"])
def test_members_are_refused(browser: Browser, organization: Organization, path: str) -> None:
    sign_in(browser, MembershipFactory.create(organization=organization, role="owner").user)
    assert (browser.get(path).status_code, browser.post(path).status_code) == (404, 404)
    assert runs() == []


def test_a_run_shows_its_errors_and_units(console: Browser, client_of_acme: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(external_id="poison")
    run = run_through(naming)
    page = console.get(f"{LIST}{run.pk}/change/").content.decode()
    for told in (f"acme client {client_of_acme.pk}", "DataError: division by zero", "50.0 %", "attempt 1"):
        assert told in page, told


@pytest.mark.parametrize("path", [LIST, STATUS, "/admin/django_celery_beat/periodictask/"])
def test_the_number_of_queries_does_not_grow_with_the_rows(console: Browser, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert console.get(path).status_code == 200
        return len(captured)

    begin(naming)
    queries()
    few = queries()
    for week in range(1, 4):
        begin(naming, at=MONDAY - week * WEEK)
    assert queries() == few


@pytest.mark.parametrize(
    "name", ["periodictask", "crontabschedule", "intervalschedule", "solarschedule", "clockedschedule"]
)
def test_schedules_are_edited_in_the_admin(console: Browser, name: str) -> None:
    assert console.get(f"/admin/django_celery_beat/{name}/").status_code == 200
    assert console.get(f"/admin/django_celery_beat/{name}/add/").status_code == 200


def test_a_schedule_can_be_paused_in_the_admin(console: Browser) -> None:
    row = PeriodicTask.objects.get(name="names")
    address = f"/admin/django_celery_beat/periodictask/{row.pk}/change/"
    form = console.get(address).context["adminform"].form
    values = {
        name: value
        for name in form.fields
        if (value := form.get_initial_for_field(form.fields[name], name)) is not None
    }
    response = console.post(address, values | {"enabled": "", "regtask": row.task})
    assert response.status_code == 302, response.context["adminform"].form.errors
    row.refresh_from_db()
    assert not row.enabled


def test_the_page_of_a_run_names_its_state(console: Browser) -> None:
    page = console.get(f"{LIST}{run_through(naming).pk}/change/").content.decode()
    assert "Succeeded" in page
    assert "&#x27;succeeded&#x27;" not in page
