"""The jobs on the home page: what is late or fails stays in sight, and members see what is true of them alone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from pytest_django import Settings

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations
from health.home.moments import moment_in_words
from jobs.models import JobRun, JobUnit, Watermark
from jobs.schedule_sync import sync_schedules
from tests.accounts.admin_pages import browser_of, operators_browser

# A Wednesday afternoon; the week's jobs ran on Monday morning.
NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(organization: Organization, outsider: Organization) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        sync_schedules()
        Watermark.objects.update(handled_until=NOW)
        yield


def ran(job: str, at: datetime, status: str = "succeeded", **facts: Any) -> JobRun:
    with all_organizations():
        run: JobRun = JobRun.objects.create(
            job=job, period=f"{at:%Y-%m-%dT%H}", trigger="clock", due_at=at, started_at=at, status=status,
            ended_at=None if status == "running" else at, **facts,
        )  # fmt: skip
    return run


def unit(run: JobRun, organization: Organization, status: str = "done", **facts: Any) -> None:
    with all_organizations():
        JobUnit.objects.create(
            run=run, generation=1, organization=organization, status=status, **{"available_at": run.started_at} | facts
        )


def hours_of_checks(count: int = 7) -> None:
    for hours in range(count):
        ran("health-check", NOW - hours * HOUR)


def member(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def shown(browser: Browser) -> dict[str, list[str]]:
    """The words of each line, those that need somebody apart from the others that have run."""
    page = browser.get("/admin/").content.decode()
    lines = {"urgent": r'<li class="home-job urgency.*?</li>', "well": r'<li class="home-job">.*?</li>'}
    words = {
        part: [" ".join(strip_tags(line).split()) for line in re.findall(pattern, page, re.DOTALL)]
        for part, pattern in lines.items()
    }
    return words | {"well": [line for line in words["well"] if "run" not in line.lower() or "Running" in line]}


def test_a_failed_week_stays_in_sight_however_many_hours_went_well() -> None:
    ran("success-score", MONDAY, "failed", error_count=3)
    hours_of_checks()
    assert shown(operators_browser()) == {
        "urgent": ["Success score Failed Mon 16 Nov, 7 a.m. 3 errors next Mon 23 Nov, 7 a.m. Run now…"],
        "well": ["Health check Succeeded today, 3:30 p.m. next today, 4 p.m."],
    }


def test_what_fails_or_is_late_comes_before_what_went_wrong_in_part() -> None:
    ran("success-score", MONDAY, "partial", counts={"success": 3})
    ran("success-email", MONDAY, "skipped_late")
    for days in (0, 1):
        ran("expire-insights", NOW - timedelta(days=days), "failed")
    Watermark.objects.filter(job="alert-digest").update(handled_until=NOW - 4 * HOUR)
    jobs = operators_browser().get("/admin/").context["jobs"]
    assert [(line.name, line.late, line.is_failing) for line in jobs.urgent] == [
        ("alert-digest", "today, 12:05 p.m.", False),
        ("expire-insights", "", True),
        ("success-score", "", False),
        ("success-email", "", False),
    ]
    assert len(jobs.all) == 10


def test_an_operator_reads_what_is_the_matter_and_where_to_go(organization: Organization) -> None:
    Watermark.objects.filter(job="health-check").update(handled_until=NOW - 4 * HOUR)
    runs = [ran("success-score", at, "partial", errors=[{"organization": "acme"}], error_count=1_234,
                counts={"success": 3}) for at in (MONDAY - timedelta(weeks=1), MONDAY)]  # fmt: skip
    page = operators_browser().get("/admin/").content.decode()
    for told in (
        '<span class="alert-count severity-3">2</span> jobs need a look',
        "Late: due today, noon",
        "Fails repeatedly: acme",
        f'<a href="/admin/jobs/jobrun/{runs[1].pk}/change/">1,234 errors</a>',
        '<a href="/admin/jobs/jobrun/run/success-score/">Run now…</a>',
        '<a href="/admin/jobs/jobrun/status/">status page</a>',
    ):
        assert told in page, told
    assert "No job is late" not in page


def test_when_all_is_well_it_says_so_and_no_more() -> None:
    hours_of_checks(2)
    page = operators_browser().get("/admin/").content.decode()
    assert ("No job is late, none has failed." in page, "need a look" in page, "home-urgent" in page) == (
        True,
        False,
        False,
    )


def test_a_run_that_goes_on_shows_how_far_it_is(organization: Organization, outsider: Organization) -> None:
    run = ran("health-check", NOW, "running")
    unit(run, organization)
    unit(run, outsider, "pending")
    assert shown(operators_browser())["well"] == ["Health check Running 50 % today, 3:30 p.m. next today, 4 p.m."]


def test_a_member_sees_their_own_outcome_of_the_runs_of_all(organization: Organization, outsider: Organization) -> None:
    score = ran("success-score", MONDAY, "partial", errors=[{"organization": "outsider"}], error_count=7)
    unit(score, organization)
    unit(score, outsider, "failed")
    mail = ran("success-email", MONDAY, "partial", error_count=9)
    unit(mail, organization, "failed")
    unit(mail, outsider)
    own = member(organization)
    assert shown(own) == {
        "urgent": ["Weekly success mail Failed Mon 16 Nov, 8 a.m. 1 error next Mon 23 Nov, 9 a.m."],
        "well": ["Success score Succeeded Mon 16 Nov, 8 a.m. next Mon 23 Nov, 8 a.m."],
    }
    assert shown(member(outsider))["urgent"] == [
        "Success score Failed Mon 16 Nov, 7 a.m. 1 error next Mon 23 Nov, 7 a.m."
    ]
    page = own.get("/admin/").content.decode()
    assert ("outsider" in page, "/admin/jobs/" in page) == (False, False)


def test_a_member_sees_no_runs_of_others_alone(organization: Organization, outsider: Organization) -> None:
    ran("health-check", NOW, "failed", organization=outsider)
    assert shown(member(organization)) == {"urgent": [], "well": []}


def test_work_that_waits_for_midnight_is_told_by_when_it_begins(organization: Organization) -> None:
    run = ran("reach-milestones", NOW, "running")
    unit(run, organization, "pending", available_at=NOW + 2 * HOUR)
    assert shown(member(organization)) == {
        "urgent": [],
        "well": ["Milestones Waits for midnight next today, 6:30 p.m."],
    }


@pytest.mark.parametrize(
    ("facts", "is_on", "told"),
    [
        ({}, False, "Automatic work is switched off for this installation."),
        ({"runs_jobs": False}, True, "Automatic work is switched off for this organization."),
        ({"status": "pending"}, True, "Jobs work on active organizations only."),
        ({}, True, "No job is late, none has failed."),
    ],
)
def test_who_switched_them_off_is_told(
    organization: Organization, settings: Settings, facts: dict[str, Any], is_on: bool, told: str
) -> None:
    settings.ENABLE_SUCCESS_CRONS = is_on
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(**facts)
    assert told in member(organization).get("/admin/").content.decode()


def test_the_page_takes_as_many_queries_with_many_runs(
    organization: Organization, outsider: Organization, settings: Settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    browsers = [operators_browser(), member(organization)]
    for name in ("health-check", "success-score"):
        unit(ran(name, MONDAY), organization)
    before = [spent(browser) for browser in browsers]
    hours_of_checks()
    for name in ("success-score", "success-email", "success-insights"):
        run = ran(name, NOW, "partial", error_count=2)
        unit(run, organization, "failed")
        unit(run, outsider)
    assert [spent(browser) for browser in browsers] == before


def spent(browser: Browser) -> int:
    browser.get("/admin/")
    with CaptureQueriesContext(connection) as captured:
        browser.get("/admin/")
    return len(captured)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-181, "05/21/2026, 3:30 p.m."),
        (-180, "Fri 22 May, 3:30 p.m."),
        (-2, "Mon 16 Nov, 3:30 p.m."),
        (-1, "yesterday, 3:30 p.m."),
        (0, "today, 3:30 p.m."),
        (1, "tomorrow, 3:30 p.m."),
        (7, "Wed 25 Nov, 3:30 p.m."),
    ],
)
def test_times_are_told_as_one_says_them(days: int, words: str) -> None:
    assert moment_in_words(NOW + timedelta(days=days), now=NOW) == words
