from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.models import JobRun, Watermark
from jobs.schedule_sync import sync_schedules
from tests.factories import OrganizationFactory
from tests.jobs.ledgers import MONDAY, WEEK, begin, names, run_through, runs
from tests.jobs.sample_jobs import names as naming
from tests.jobs.sample_jobs import parcels

SECRET = {"authorization": "Bearer cron-secret-of-the-tests"}
PATH = "/api/cron/names"


@pytest.fixture(autouse=True)
def _wednesday(client_of_acme: Client, outsider: Organization) -> Any:
    with time_machine.travel(MONDAY + WEEK / 3, tick=False):
        sync_schedules()
        yield


def post(browser: Browser, body: Any = "", *, path: str = PATH) -> Any:
    return browser.post(path, body, content_type="application/json", headers=SECRET)


@pytest.mark.parametrize(
    "header", ["", "cron-secret-of-the-tests", "Basic cron-secret-of-the-tests", "Bearer ", "Bearer wrong", "Bearer é"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_secret_nothing_runs(browser: Browser, header: str, method: str) -> None:
    response = getattr(browser, method)(PATH, headers={"authorization": header})
    assert (response.status_code, response.json()["code"], runs()) == (401, "wrong_secret", [])


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "Bearer None"])
def test_without_a_configured_secret_the_endpoints_are_closed(
    browser: Browser, settings: Settings, header: str, debug: bool
) -> None:
    settings.CRON_SECRET = ""
    settings.DEBUG = debug
    response = browser.post(PATH, headers={"authorization": header})
    assert (response.status_code, response.json()["code"], runs()) == (401, "cron_closed", [])


def test_the_endpoint_does_the_work_and_tells_what_came_of_it(browser: Browser, organization: Organization) -> None:
    response = post(browser)
    run = _only_run()
    assert (response.status_code, response.json()) == (
        200,
        {
            "processed": 2,
            "success": 2,
            "failed": 0,
            "errors": [],
            "run": run.pk,
            "job": "names",
            "period": "2026-09-07",
            "status": "succeeded",
            "timesRun": 1,
            "startedAt": "2026-09-09T15:00:00Z",
            "endedAt": "2026-09-09T15:00:00Z",
            "pending": 0,
            "deferred": 0,
            "alreadyDone": False,
        },
    )
    assert (run.trigger, names(organization)) == ("endpoint", ["2026-09-07 "])


def test_what_a_run_sets_going_is_waited_for_and_told_as_it_is_by_then(browser: Browser, settings: Settings) -> None:
    settings.JOBS |= {"parcels": {"crontab": "0 8 * * 1", "handler": "tests.jobs.sample_jobs.parcels"}}
    begin(parcels)
    told = post(browser, path="/api/cron/parcels").json()
    assert {name: told[name] for name in ("processed", "delivered", "failed")} == {
        "processed": 2,
        "delivered": 2,
        "failed": 1,
    }
    assert _only_run().counts == {"processed": 2, "success": 2}


def test_a_plain_get_does_the_same(browser: Browser) -> None:
    assert browser.get(PATH, headers=SECRET).json()["success"] == 2


def test_what_is_done_is_only_told(browser: Browser, organization: Organization) -> None:
    first = post(browser).json()
    assert post(browser).json() == first | {"alreadyDone": True}
    assert names(organization) == ["2026-09-07 "]


def test_with_a_period_it_runs_again(browser: Browser, organization: Organization) -> None:
    post(browser)
    answer = post(browser, {"periodEnd": "2026-09-07"}).json()
    assert (answer["timesRun"], answer["success"], names(organization)) == (2, 2, ["2026-09-07 2026-09-07 "])


def test_a_week_of_the_past_for_one_organization(
    browser: Browser, organization: Organization, outsider: Organization
) -> None:
    answer = post(browser, {"organization": "acme", "periodEnd": "2026-01-07"}).json()
    assert (answer["period"], answer["success"]) == ("2026-01-07", 1)
    assert (names(organization), names(outsider)) == (["2026-01-07 "], [""])


def test_an_organization_that_is_switched_off_can_be_run_by_name(browser: Browser, organization: Organization) -> None:
    with all_organizations():
        Organization.objects.update(runs_jobs=False)
    assert post(browser).json()["success"] == 0
    assert post(browser, {"organization": "acme"}).json()["success"] == 1


def test_an_organization_that_is_switched_off_is_not_made_to_skip_its_clients(browser: Browser) -> None:
    with all_organizations():
        Organization.objects.update(runs_jobs=False)
    response = post(browser, {"organization": "acme"}, path="/api/cron/letters")
    assert (response.status_code, response.json()["code"], runs()) == (409, "organization_switched_off", [])
    assert response.json()["detail"].startswith("Automatic work is switched off for acme.")
    assert post(browser, path="/api/cron/letters").json()["status"] == "succeeded"


@pytest.mark.parametrize("day", ["2026-09-01", "2026-09-06"])
def test_what_a_client_gets_once_a_week_ends_on_mondays(browser: Browser, day: str) -> None:
    response = post(browser, {"periodEnd": day}, path="/api/cron/letters")
    assert (response.status_code, response.json()["code"], runs()) == (400, "invalid_period", [])
    assert response.json()["detail"] == "The weeks of letters end on Mondays: ask for 2026-08-31."
    response = browser.get(f"/api/cron/letters?periodEnd={day}&organization=acme", headers=SECRET)
    assert (response.status_code, response.json()["code"], runs()) == (400, "invalid_period", [])
    assert post(browser, {"periodEnd": "2026-08-31"}, path="/api/cron/letters").json()["status"] == "succeeded"
    assert post(browser, {"asOf": f"{day}T12:00:00Z"}, path="/api/cron/letters").json()["period"] == "2026-08-31"


def test_today_is_the_organizations(browser: Browser, organization: Organization) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(timezone="Pacific/Auckland")
    with time_machine.travel("2026-09-09T13:00:00Z", tick=False):
        assert (post(browser, {"periodEnd": "2026-09-10"}).json()["code"], runs()) == ("future_period", [])
        assert post(browser, {"periodEnd": "2026-09-10", "organization": "acme"}).json()["success"] == 1


def test_a_run_that_goes_on_is_joined(browser: Browser) -> None:
    run = begin(naming).run
    answer = post(browser).json()
    assert (answer["run"], answer["success"], answer["alreadyDone"]) == (run.pk, 2, False)


def test_missed_weeks_are_run_first(browser: Browser, organization: Organization) -> None:
    Watermark.objects.update(handled_until=MONDAY - 2 * WEEK)
    assert post(browser).json()["period"] == "2026-09-07"
    assert names(organization) == ["2026-08-31 2026-09-07 "]


def test_a_failure_is_told_with_its_subject(browser: Browser, client_of_acme: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(external_id="poison")
    answer = post(browser).json()
    assert (answer["processed"], answer["success"], answer["failed"], answer["status"]) == (2, 1, 1, "partial")
    assert [error["organization"] for error in answer["errors"]] == ["acme"]


def test_organizations_whose_day_has_not_begun_are_deferred(browser: Browser, organization: Organization) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(timezone="America/Los_Angeles")
    with time_machine.travel("2026-09-07T06:30:00Z", tick=False):
        response = post(browser)
    answer = response.json()
    assert (response.status_code, answer["success"], answer["deferred"], answer["status"]) == (200, 1, 1, "running")


def test_what_takes_too_long_is_answered_with_what_there_is(browser: Browser, settings: Settings) -> None:
    settings.CRON_WAIT_SECONDS = 0
    response = post(browser)
    assert (response.status_code, response.json()["pending"], response.json()["success"]) == (202, 2, 0)


def test_switched_off_nothing_runs(browser: Browser, settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    response = post(browser, {"periodEnd": "2026-09-07"})
    assert response.json() == {"processed": 0, "success": 0, "failed": 0, "errors": [], "disabled": True}
    assert runs() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "invalid_json"),
        ("[]", 400, "invalid_json"),
        ("null", 400, "invalid_json"),
        ("NaN", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"\x1f\x8b\x08\x00", 400, "invalid_json"),
        ("[" * 5_000, 400, "invalid_json"),
        ('{"a":' * 1_900, 400, "invalid_json"),
        ("1" * 9_000, 400, "invalid_json"),
        (b" " * 10_001, 413, "too_large"),
        (b"x" * 3_000_000, 413, "too_large"),
        ({"period": "2026-09-07"}, 400, "unknown_parameter"),
        ({"periodEnd": "2026-09-10"}, 400, "future_period"),
        ({"periodEnd": "9999-12-31"}, 400, "future_period"),
        ({"periodEnd": "0001-01-01"}, 400, "invalid_period"),
        ({"periodEnd": "2026-02-30"}, 400, "invalid_period"),
        ({"periodEnd": "yesterday"}, 400, "invalid_period"),
        ({"periodEnd": "2026-09-07\x00"}, 400, "invalid_period"),
        ({"periodEnd": 20260907}, 400, "invalid_period"),
        ({"periodEnd": []}, 400, "invalid_period"),
        ({"periodEnd": "2026-09-07", "asOf": "2026-09-07T00:00Z"}, 400, "invalid_period"),
        ({"asOf": "2026-09-07T00:00:00"}, 400, "invalid_period"),
        ({"asOf": "0001-01-01T00:00:00+14:00"}, 400, "invalid_period"),
        ({"organization": "nobody"}, 404, "unknown_organization"),
        ({"organization": "acme\x00"}, 404, "unknown_organization"),
        ({"organization": "\ud800"}, 404, "unknown_organization"),
        ({"organization": ""}, 404, "unknown_organization"),
        ({"organization": 1}, 400, "invalid_organization"),
        ({"organization": "sleeping"}, 409, "organization_not_active"),
    ],
)
def test_what_makes_no_sense_is_refused(browser: Browser, body: Any, status: int, code: str) -> None:
    OrganizationFactory.create(slug="sleeping", status=Organization.Status.SUSPENDED)
    response = post(browser, body)
    assert (response.status_code, response.json()["code"], runs()) == (status, code, [])
    assert response["Content-Type"] == "application/problem+json"


def test_an_unknown_job_is_missing(browser: Browser) -> None:
    assert post(browser, path="/api/cron/nothing").status_code == 404


def test_hourly_jobs_take_a_time(browser: Browser) -> None:
    answer = post(browser, {"asOf": "2026-09-07T09:30:00+02:00"}, path="/api/cron/checks").json()
    assert answer["period"] == "2026-09-07T07Z"
    assert post(browser, {"periodEnd": "2026-09-07"}, path="/api/cron/checks").status_code == 400


def test_the_parameters_may_stand_in_the_address(browser: Browser) -> None:
    assert (
        browser.get(f"{PATH}?organization=acme&periodEnd=2026-08-31", headers=SECRET).json()["period"] == "2026-08-31"
    )


def _only_run() -> JobRun:
    with all_organizations():
        return JobRun.objects.get()


def test_a_job_that_adds_to_the_report_is_run_too(browser: Browser, settings: Settings) -> None:
    settings.JOBS |= {"tally": {"crontab": "0 9 * * 1", "handler": "tests.jobs.sample_jobs.tally"}}
    told = post(browser).json()
    assert (told["success"], told["counted"], runs()) == (
        2,
        2,
        [("names", "2026-09-07", "succeeded"), ("tally", "2026-09-07", "succeeded")],
    )
    assert post(browser).json() == told | {"alreadyDone": True}


def test_what_is_to_be_added_is_waited_for(browser: Browser, settings: Settings) -> None:
    settings.JOBS |= {"tally": {"crontab": "0 9 * * 1", "handler": "tests.jobs.sample_jobs.tally"}}
    run_through(naming, at=MONDAY + WEEK / 3)
    settings.CRON_WAIT_SECONDS = 0
    response = post(browser)
    assert (response.status_code, response.json()["pending"], response.json()["counted"]) == (202, 0, 0)
