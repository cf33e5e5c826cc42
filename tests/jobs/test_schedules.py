from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from pytest_django import Settings

from jobs.models import Watermark
from jobs.schedule_sync import sync_schedules
from jobs.schedules import clockwork_of, clockworks, due_times

LAST_SUMMER_MONDAY = ["2026-10-19T05:00"]


def row_of(job: str) -> PeriodicTask:
    row = clockwork_of(job).task
    assert row
    return row


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def crontab(expression: str, timezone: str = "UTC") -> CrontabSchedule:
    minute, hour, day_of_month, month_of_year, day_of_week = expression.split()
    return CrontabSchedule(
        minute=minute,
        hour=hour,
        day_of_month=day_of_month,
        month_of_year=month_of_year,
        day_of_week=day_of_week,
        timezone=ZoneInfo(timezone),
    )


@pytest.mark.parametrize(
    ("expression", "timezone", "after", "until", "expected"),
    [
        ("0 7 * * 1", "UTC", "2026-11-02T07:00", "2026-11-16T07:00", ["2026-11-09T07:00", "2026-11-16T07:00"]),
        ("0 7 * * 1", "UTC", "2026-11-16T07:00", "2026-11-23T06:59", []),
        ("30 */12 * * *", "UTC", "2026-11-02T00:00", "2026-11-03T00:00", ["2026-11-02T00:30", "2026-11-02T12:30"]),
        ("0 6 1 * *", "UTC", "2026-01-31T00:00", "2026-03-01T06:00", ["2026-02-01T06:00", "2026-03-01T06:00"]),
        # Berlin leaves summer time between these two Mondays.
        (
            "0 7 * * 1",
            "Europe/Berlin",
            "2026-10-18T00:00",
            "2026-10-27T00:00",
            ["2026-10-19T05:00", "2026-10-26T06:00"],
        ),
        # Clocks go from 3 back to 2 o'clock, and in spring from 2 to 3.
        (
            "30 2,3 * * *",
            "Europe/Berlin",
            "2026-10-24T22:00",
            "2026-10-25T22:00",
            ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
        ),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T22:00", "2026-03-29T22:00", ["2026-03-29T01:30"]),
        ("30 2,3 * * *", "Europe/Berlin", "2026-03-28T22:00", "2026-03-29T22:00", ["2026-03-29T01:30"]),
    ],
)
def test_due_times(expression: str, timezone: str, after: str, until: str, expected: list[str]) -> None:
    schedule = crontab(expression, timezone).schedule
    assert list(due_times(schedule, after=at(after), until=at(until))) == [at(each) for each in expected]


@pytest.fixture
def _synced(db: None) -> None:
    sync_schedules()


@pytest.mark.usefixtures("_synced")
def test_syncing_again_changes_nothing(settings: Settings) -> None:
    before = list(PeriodicTask.objects.order_by("id").values("name", "task", "kwargs", "crontab__hour"))
    synced = sync_schedules()
    assert (synced.created, synced.removed, synced.kept) == ([], [], len(settings.JOBS) + len(settings.CLOCK_TASKS))
    assert list(PeriodicTask.objects.order_by("id").values("name", "task", "kwargs", "crontab__hour")) == before


@pytest.mark.usefixtures("_synced")
def test_what_staff_edited_survives() -> None:
    row = row_of("names")
    edited = crontab("15 9 * * 2")
    edited.save()
    PeriodicTask.objects.filter(pk=row.pk).update(name="Our scores", enabled=False, crontab=edited)
    sync_schedules()
    assert row_of("names") == row
    row.refresh_from_db()
    assert (row.name, row.enabled, row.crontab_id) == ("Our scores", False, edited.pk)


@pytest.mark.usefixtures("_synced")
def test_rows_of_jobs_that_are_gone_are_removed_and_rows_of_staff_stay(settings: Settings) -> None:
    PeriodicTask.objects.create(name="ours", task="our.task", crontab=row_of("names").crontab)
    settings.JOBS = {name: job for name, job in settings.JOBS.items() if name != "letters"}
    assert sync_schedules().removed == ["letters"]
    assert PeriodicTask.objects.filter(name="ours").exists()
    assert "letters" not in clockworks()


@pytest.mark.usefixtures("_synced")
def test_a_job_owes_nothing_from_before_its_row_was_made() -> None:
    assert set(Watermark.objects.values_list("job", flat=True)) == {"names", "letters", "checks"}


@pytest.mark.usefixtures("_synced")
def test_an_unreadable_row_does_not_stop_the_others() -> None:
    broken = CrontabSchedule.objects.create(minute="nonsense")
    PeriodicTask.objects.filter(pk=row_of("names").pk).update(crontab=broken)
    PeriodicTask.objects.create(name="odd", task="jobs.reconcile_job", kwargs="[1]", crontab=broken)
    assert clockwork_of("names").crontab is None
    assert clockwork_of("letters").crontab is not None


def test_every_schedule_of_the_settings_resolves(settings: Settings) -> None:
    from config.schedules import JOBS
    from jobs.definitions import all_jobs

    settings.JOBS = JOBS
    assert [job.name for job in all_jobs()] == list(JOBS)
