"""The hours at which clients would have been evaluated, and a policy's levels at each of them."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from accounts.models import Organization
from health.business_time import DAY, is_business_day
from health.limits import POINTS
from health.models import HealthPolicy, Holiday

HOUR = timedelta(hours=1)
Before = Callable[[datetime, timedelta], datetime]


def hours_between(first: datetime, last: datetime) -> list[datetime]:
    return [first + number * HOUR for number in range((last - first) // HOUR + 1)]


def levels_at(hours: Sequence[datetime], *, policy: HealthPolicy, organization: Organization) -> dict[str, Any]:
    """The limits of `health.limits`, those of time as ascending lists with a moment for each hour."""
    lengths = lengths_of(policy)
    before = _before(hours, policy=policy, organization=organization, longest=max(lengths.values()))
    return {
        **{name: [before(hour, length) for hour in hours] for name, length in lengths.items()},
        **{name: getattr(policy, name) for name in POINTS},
    }


def lengths_of(policy: HealthPolicy) -> dict[str, timedelta]:
    return {
        "inactive_if_since": timedelta(hours=policy.inactivity_hours),
        "zero_if_since": timedelta(hours=policy.zero_activity_hours),
        "long_if_since": timedelta(days=policy.user_inactivity_days),
        "very_long_if_since": timedelta(days=policy.user_inactivity_high_days),
        "stalled_if_since": timedelta(hours=policy.stalled_hours),
    }


def _before(
    hours: Sequence[datetime], *, policy: HealthPolicy, organization: Organization, longest: timedelta
) -> Before:
    if not policy.counts_business_days:
        return lambda moment, length: moment - length
    return _business_clock(hours[0], hours[-1], organization=organization, longest=longest)


def _business_clock(first: datetime, last: datetime, *, organization: Organization, longest: timedelta) -> Before:
    """What `business_time_before` says, for thousands of moments: the calendar is walked only once.

    Of each business day it keeps when it begins and how much business time lies between there and the last of them.
    """
    holidays = set(Holiday.objects.filter(organization=organization).values_list("day", flat=True))
    zone = organization.timezone
    begins: list[datetime] = []
    left: list[timedelta] = []
    total, needed = timedelta(), longest + (last - first) + 2 * DAY
    day = last.astimezone(zone).date()
    end = datetime.combine(day + DAY, time(), zone).astimezone(UTC)
    while total < needed:
        begin = datetime.combine(day, time(), zone).astimezone(UTC)
        if is_business_day(day, holidays):
            total += end - begin
            begins.append(begin)
            left.append(-total)
        end, day = begin, day - DAY
    begins.reverse()
    left.reverse()
    ends = [*left[1:], timedelta()]

    def before(moment: datetime, length: timedelta) -> datetime:
        at = bisect_right(begins, moment) - 1
        passed = min(left[at] + (moment - begins[at]), ends[at]) - length
        then = bisect_right(left, passed) - 1
        return begins[then] + (passed - left[then])

    return before
