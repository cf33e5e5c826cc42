"""Time of which only business days count: Mondays to Fridays that are no holidays, by the organization's calendar."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)
SATURDAY = 5


def business_time_before(
    moment: datetime, length: timedelta, *, timezone: tzinfo, holidays: Collection[date]
) -> datetime:
    """The latest time since which as much business time has passed by `moment`.

    What happened up to then lies at least `length` back, by business days; what happened later does not. Days are
    as long as they are: one on which clocks change has 23 or 25 hours.
    """
    end = moment.astimezone(UTC)
    day = moment.astimezone(timezone).date()
    while True:
        begin = datetime.combine(day, time(), timezone).astimezone(UTC)
        if is_business_day(day, holidays):
            if end - begin >= length:
                return end - length
            length -= end - begin
        end = begin
        day -= DAY


def is_business_day(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < SATURDAY and day not in holidays
