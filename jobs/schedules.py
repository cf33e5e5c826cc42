"""When jobs fall due, by the rows of django-celery-beat that staff edit."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import structlog
from celery.schedules import ParseException
from django_celery_beat.models import PeriodicTask
from django_celery_beat.tzcrontab import TzAwareCrontab

from accounts.timezones import is_repeated

logger = structlog.get_logger(__name__)

RECONCILE_JOB = "jobs.reconcile_job"


@dataclass(frozen=True, slots=True)
class Clockwork:
    """A job's row: `crontab` is None when staff chose an interval or the sun, `task` when there is no row."""

    task: PeriodicTask | None
    crontab: TzAwareCrontab | None

    @property
    def is_on(self) -> bool:
        return bool(self.task and self.task.enabled)

    def due_times(self, *, after: datetime, until: datetime) -> Iterator[datetime]:
        """Every due time in (after, until], oldest first. None while paused or without a crontab."""
        if not self.is_on or self.crontab is None:
            return iter(())
        starts_at = self.task.start_time if self.task else None
        begin = max(after, starts_at - timedelta(microseconds=1)) if starts_at else after
        return due_times(self.crontab, after=begin, until=until)

    def due_before(self, moment: datetime) -> datetime | None:
        """The last due time up to and including the moment, within the last 35 days."""
        last = None
        for last in self.due_times(after=moment - timedelta(days=35), until=moment):  # noqa: B007
            pass
        return last

    def next_due(self, moment: datetime) -> datetime | None:
        return next(self.due_times(after=moment, until=moment + timedelta(days=400)), None)


def due_times(schedule: TzAwareCrontab, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """The minutes in (after, until] that a crontab names in its own timezone, as UTC, each once, oldest first.

    A time of day that comes twice, when clocks are put back, is due twice: an hour is an hour. One that is left out,
    when they are put forward, is due as if they had not been.
    """
    zone = schedule.tz
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date()
    while day <= last:
        if _names(schedule, day.month, day.day, day.isoweekday() % 7):
            yield from (moment for moment in _moments(schedule, day, zone) if after < moment <= until)
        day += timedelta(days=1)


def _moments(schedule: TzAwareCrontab, day: date, zone: tzinfo) -> list[datetime]:
    return sorted(
        {
            datetime.combine(day, time(hour, minute, fold=fold), zone).astimezone(UTC)
            for hour in schedule.hour
            for minute in schedule.minute
            for fold in (0, 1)
            if fold == 0 or is_repeated(datetime.combine(day, time(hour, minute), zone))
        }
    )


def _names(schedule: TzAwareCrontab, month: int, day: int, weekday: int) -> bool:
    return month in schedule.month_of_year and day in schedule.day_of_month and weekday in schedule.day_of_week


def clockwork_of(name: str) -> Clockwork:
    """The row of one job."""
    return clockworks().get(name, Clockwork(None, None))


def clockworks() -> dict[str, Clockwork]:
    """The rows of all jobs by the jobs' names, whatever staff called the rows: two queries at most."""
    rows = PeriodicTask.objects.filter(task=RECONCILE_JOB).select_related("crontab").order_by("-id")
    return {job_of(row): Clockwork(row, _crontab_of(row)) for row in rows}


def _crontab_of(row: PeriodicTask) -> TzAwareCrontab | None:
    try:
        return row.crontab.schedule if row.crontab else None
    except (ValueError, ParseException):
        # One row that somebody wrote past the form's checks must not stop the other jobs.
        logger.warning("crontab_unreadable", periodic_task_id=row.pk)
        return None


def job_of(row: PeriodicTask) -> str:
    """The job that a row runs; empty when staff made its arguments unreadable."""
    try:
        arguments = json.loads(row.kwargs or "{}")
    except ValueError:
        return ""
    name = arguments.get("name") if isinstance(arguments, dict) else None
    return name if isinstance(name, str) else ""
