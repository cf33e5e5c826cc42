from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.models import JobRun, Watermark
from jobs.reconciling import nudge_runs, reconcile, reconcile_all
from jobs.running import work_on, work_one
from jobs.schedule_sync import sync_schedules
from jobs.tasks import work_run
from tests.jobs.ledgers import MONDAY, PATIENCE, WEEK, names, runs
from tests.jobs.sample_jobs import checks, letters
from tests.jobs.sample_jobs import names as naming

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _before_monday(client_of_acme: Client, outsider: Organization) -> None:
    sync_schedules()
    Watermark.objects.update(handled_until=MONDAY - MINUTE)


def test_nothing_is_due_before_its_time() -> None:
    assert reconcile(naming, now=MONDAY - MINUTE) == []


def test_a_due_period_is_begun_once_however_often_the_clock_fires() -> None:
    begun = [reconcile(naming, now=MONDAY + n * MINUTE, is_fired=True) for n in range(3)]
    assert [len(each) for each in begun] == [1, 0, 0]
    assert runs() == [("names", "2026-09-07", "running")]


def test_every_missed_week_is_run_in_order() -> None:
    begun = reconcile(naming, now=MONDAY + 2 * WEEK + timedelta(days=1))
    assert [(run.period, run.due_at) for run in begun] == [
        ("2026-09-07", MONDAY),
        ("2026-09-14", MONDAY + WEEK),
        ("2026-09-21", MONDAY + 2 * WEEK),
    ]


def test_a_later_week_waits_for_the_earlier_one(organization: Organization) -> None:
    begun = reconcile(naming, now=MONDAY + 2 * WEEK)
    work_on(begun[-1], patience=PATIENCE)
    assert names(organization) == ["2026-09-07 2026-09-14 2026-09-21 "]


@pytest.mark.parametrize(
    ("late", "status"),
    [(timedelta(hours=47), "running"), (timedelta(hours=48), "running"), (timedelta(hours=49), "skipped_late")],
)
def test_of_letters_only_the_newest_within_48_hours_is_run(late: timedelta, status: str) -> None:
    due = MONDAY + WEEK + timedelta(hours=1)
    reconcile(letters, now=due + late)
    assert [run for run in runs() if run[0] == "letters"] == [
        ("letters", "2026-09-07", "skipped_late"),
        ("letters", "2026-09-14", status),
    ]


def test_hourly_checks_after_a_day_down_run_once() -> None:
    Watermark.objects.filter(job="checks").update(handled_until=MONDAY)
    reconcile(checks, now=MONDAY + timedelta(days=1))
    statuses = [status for _, _, status in runs()]
    assert (statuses.count("skipped_late"), statuses[-1], len(statuses)) == (23, "running", 24)


def test_paused_time_passes_without_anything_falling_due() -> None:
    PeriodicTask.objects.update(enabled=False)
    assert reconcile(naming, now=MONDAY + WEEK) == []
    PeriodicTask.objects.update(enabled=True)
    assert reconcile(naming, now=MONDAY + WEEK + MINUTE) == []
    assert len(reconcile(naming, now=MONDAY + 2 * WEEK)) == 1


def test_a_row_with_an_interval_is_due_when_it_fires() -> None:
    every_day = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.filter(name="names").update(crontab=None, interval=every_day)
    assert reconcile(naming, now=MONDAY) == []
    assert [run.period for run in reconcile(naming, now=MONDAY, is_fired=True)] == ["2026-09-07"]
    assert reconcile(naming, now=MONDAY + timedelta(days=1), is_fired=True) == []


def test_no_week_is_missed_where_the_clocks_timezone_leaves_summer_time() -> None:
    """At 1:30 in Berlin it is Sunday by UTC in summer, Monday in winter."""
    early = CrontabSchedule.objects.create(minute="30", hour="1", day_of_week="1", timezone=ZoneInfo("Europe/Berlin"))
    PeriodicTask.objects.filter(name="names").update(crontab=early)
    for week in range(10):
        reconcile(naming, now=MONDAY + week * WEEK)
    periods = [period for _, period, _ in runs()]
    assert periods == [f"{date(2026, 9, 7) + week * WEEK}" for week in range(10)]


def test_a_slower_clock_makes_up_for_the_weeks_between() -> None:
    monthly = CrontabSchedule.objects.create(minute="0", hour="7", day_of_month="1")
    PeriodicTask.objects.filter(name="names").update(crontab=monthly)
    reconcile(naming, now=MONDAY + 9 * WEEK)
    assert [period for _, period, _ in runs()][:2] == ["2026-09-07", "2026-09-14"]


def test_a_clock_that_goes_back_does_nothing_twice() -> None:
    reconcile(naming, now=MONDAY + MINUTE)
    reconcile(naming, now=MONDAY - timedelta(days=1))
    assert Watermark.objects.get(job="names").handled_until == MONDAY + MINUTE


def test_switched_off_nothing_is_begun_and_switching_on_catches_up(settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    reconcile_all(now=MONDAY + MINUTE)
    assert runs() == []
    settings.ENABLE_SUCCESS_CRONS = True
    reconcile_all(now=MONDAY + WEEK)
    assert [period for job, period, _ in runs() if job == "names"] == ["2026-09-07", "2026-09-14"]


@pytest.mark.parametrize(
    ("name", "trigger", "status"),
    [
        ("names", "clock", "running"),
        ("names", "endpoint", "running"),
        ("names", "admin", "succeeded"),
        ("letters", "admin", "running"),
        ("retired", "admin", "succeeded"),
    ],
)
def test_switched_off_a_run_stands_still_unless_a_person_began_it_and_it_skips_no_client(
    settings: Settings, name: str, trigger: str, status: str
) -> None:
    with all_organizations():
        run = JobRun.objects.create(job=name, period="2026-09-07", trigger=trigger, due_at=MONDAY, started_at=MONDAY)
    settings.ENABLE_SUCCESS_CRONS = False
    nudge_runs(now=MONDAY + MINUTE)
    work_run(run_id=run.pk)
    assert runs() == [(name, "2026-09-07", status)]


def test_a_job_that_does_not_load_stops_no_other(settings: Settings) -> None:
    settings.JOBS = {"broken": {"crontab": "* * * * *", "handler": "tests.jobs.nowhere"}, **settings.JOBS}
    reconcile_all(now=MONDAY)
    assert ("names", "2026-09-07", "running") in runs()


@pytest.mark.parametrize("down", [MINUTE, timedelta(minutes=20), timedelta(hours=3), timedelta(hours=20), timedelta(8)])
def test_what_a_stopped_clock_missed_is_begun_by_the_first_tick(down: timedelta) -> None:
    reconcile_all(now=MONDAY - down / 2)
    reconcile_all(now=MONDAY + down / 2)
    scores = [run for run in runs() if run[0] == "names"]
    assert scores == [("names", "2026-09-07", "running")]


def test_letters_wait_for_the_names_of_their_organization(organization: Organization, outsider: Organization) -> None:
    [before] = reconcile(naming, now=MONDAY)
    [after] = reconcile(letters, now=MONDAY + timedelta(hours=1))
    assert not work_one(after)
    assert work_one(before)
    assert work_one(after)
    assert not work_one(after)
