"""When a recipient may be written to, by the clock on their wall."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from emails.models import ContactPolicy

SATURDAY = 5
# Every timezone begins its hours, and changes its clocks, on quarters of an hour of UTC (tests ask all of them).
QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DueTime:
    """Of one timezone: the moment, and the calendar week around it, half open."""

    due_at: datetime
    week_begins_at: datetime
    week_ends_at: datetime


def is_allowed(at: datetime, *, timezone: ZoneInfo, policy: ContactPolicy) -> bool:
    local = at.astimezone(timezone)
    if policy.business_days_only and local.weekday() >= SATURDAY:
        return False
    return policy.send_from_hour <= local.hour < policy.send_until_hour


def next_allowed(as_of: datetime, *, timezone: ZoneInfo, policy: ContactPolicy) -> datetime:
    """The first moment from `as_of` on that is allowed; in UTC.

    An hour that clocks skip is no moment; one that they repeat is allowed both times.
    """
    moment = as_of.astimezone(UTC)
    while not is_allowed(moment, timezone=timezone, policy=policy):
        moment += QUARTER - (moment - EPOCH) % QUARTER
    return moment


def due_time(as_of: datetime, *, timezone: ZoneInfo, policy: ContactPolicy) -> DueTime:
    due_at = next_allowed(as_of, timezone=timezone, policy=policy)
    return DueTime(due_at, *week_of(due_at, timezone=timezone))


def week_of(at: datetime, *, timezone: ZoneInfo) -> tuple[datetime, datetime]:
    """From Monday to Monday, in the timezone."""
    day = at.astimezone(timezone).date()
    monday = day - timedelta(days=day.weekday())
    begins, ends = (datetime.combine(first, time(), timezone) for first in (monday, monday + timedelta(days=7)))
    return begins.astimezone(UTC), ends.astimezone(UTC)
