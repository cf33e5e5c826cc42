"""What one run of a job stands for: the week, day, hour or month that ended when it fell due.

Every period is half open and named after its end: the weekly score of 2026-11-16 is about the days before
that Monday. Weeks, days and months end at midnight in each organization's own timezone, hours everywhere
at once.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Period:
    """`key` is the ISO date or hour in which it ends; `end` the same as UTC would have it."""

    key: str
    end: datetime
    is_calendar: bool = True

    @property
    def end_on(self) -> date:
        return self.end.date()

    def ended_at(self, timezone: tzinfo) -> datetime:
        """When it was over there."""
        if not self.is_calendar:
            return self.end
        return datetime.combine(self.end_on, time(), timezone).astimezone(UTC)


class Every(StrEnum):
    """How long a job's periods are."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def period_of(self, moment: datetime) -> Period:
        """The newest period that has ended at `moment`, by UTC."""
        moment = moment.astimezone(UTC)
        if self is Every.HOUR:
            return _hour(moment.replace(minute=0, second=0, microsecond=0))
        day = moment.date()
        if self is Every.WEEK:
            day -= timedelta(days=day.weekday())
        elif self is Every.MONTH:
            day = day.replace(day=1)
        return _day(day)

    def following(self, period: Period) -> Period:
        """The one that begins where this one ends."""
        if self is Every.HOUR:
            return _hour(period.end + timedelta(hours=1))
        if self is Every.MONTH:
            return _day((period.end_on.replace(day=1) + timedelta(days=31)).replace(day=1))
        return _day(period.end_on + timedelta(days=7 if self is Every.WEEK else 1))

    def period(self, key: str) -> Period:
        """The period of a key, or of any date: that of a week need not be a Monday. Raises ValueError.

        `jobs.asking` knows which of them a job may be asked for.
        """
        if self is Every.HOUR:
            moment = datetime.strptime(key, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
            return _hour(moment)
        return _day(date.fromisoformat(key))


def _hour(moment: datetime) -> Period:
    return Period(f"{moment:%Y-%m-%dT%H}Z", moment, is_calendar=False)


def _day(day: date) -> Period:
    return Period(day.isoformat(), datetime.combine(day, time(), UTC))
