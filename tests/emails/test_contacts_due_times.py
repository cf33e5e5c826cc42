from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from emails.contacts.due_times import next_allowed, week_of
from emails.models import ContactPolicy
from tests.emails.wall_clocks import MINUTE, offset_of, wall_of, ways_of_changing

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# Ordinary hours, the night, and single hours that clocks skip or repeat somewhere.
POLICIES = [
    ContactPolicy(send_from_hour=7, send_until_hour=21, business_days_only=True),
    ContactPolicy(send_from_hour=0, send_until_hour=3),
    ContactPolicy(send_from_hour=2, send_until_hour=3),
    ContactPolicy(send_from_hour=3, send_until_hour=24),
]


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (utc(16, 5, 59), utc(16, 6)),
        (utc(16, 6), utc(16, 6)),
        (utc(16, 19, 59), utc(16, 19, 59)),
        (utc(16, 20), utc(17, 6)),
        (utc(20, 20), utc(23, 6)),
        (utc(21, 12), utc(23, 6)),
        (utc(22, 23, 30), utc(23, 6)),
        # Clocks go forward on Sunday 29 March, back on Sunday 25 October.
        (utc(27, 21, month=3), utc(30, 5, month=3)),
        (utc(23, 20, month=10), utc(26, 6, month=10)),
    ],
)
def test_what_falls_into_quiet_hours_waits_for_their_end(as_of: datetime, expected: datetime) -> None:
    policy = ContactPolicy(send_from_hour=7, send_until_hour=21, business_days_only=True)
    assert next_allowed(as_of, timezone=BERLIN, policy=policy) == expected


def test_weekends_are_quiet_only_where_the_policy_says_so() -> None:
    assert next_allowed(utc(21, 21), timezone=BERLIN, policy=ContactPolicy()) == utc(22, 6)


def test_every_timezone_changes_its_hours_on_quarters_of_utc() -> None:
    for name, changes in ways_of_changing().items():
        for change in changes:
            assert (change - datetime(1970, 1, 1, tzinfo=UTC)) % QUARTER == timedelta(0), name
            assert offset_of(name, change) % QUARTER == timedelta(0), name
        assert offset_of(name, utc(1, 0)) % QUARTER == timedelta(0), name


def is_allowed(wall: datetime, policy: ContactPolicy) -> bool:
    if policy.business_days_only and wall.isoweekday() > 5:
        return False
    return wall.hour in range(policy.send_from_hour, policy.send_until_hour)


def moments_around(change: datetime) -> Iterator[datetime]:
    for hours in (-26, -3, -1, 0, 1, 2, 20):
        yield change + hours * HOUR
    yield from (change - MINUTE, change + 17 * MINUTE)


def test_no_allowed_moment_is_passed_by_anywhere_when_clocks_change() -> None:
    asked = 0
    for name, changes in ways_of_changing().items():
        for change in changes[:2]:
            grid = [change + step * QUARTER for step in range(-26 * 4, 120 * 4)]
            walls = [wall_of(name, moment) for moment in grid]
            for policy in POLICIES:
                allowed = [moment for moment, wall in zip(grid, walls, strict=True) if is_allowed(wall, policy)]
                for as_of in moments_around(change):
                    at_once = is_allowed(wall_of(name, as_of), policy)
                    first = as_of if at_once else next(moment for moment in allowed if moment > as_of)
                    assert next_allowed(as_of, timezone=ZoneInfo(name), policy=policy) == first, (name, as_of)
                    asked += 1
    assert asked > 2000


def test_weeks_begin_at_the_first_monday_minute_of_every_timezone() -> None:
    for name, changes in ways_of_changing().items():
        for at in [*changes[:2], utc(18, 12)]:
            begins, ends = week_of(at, timezone=ZoneInfo(name))
            assert begins <= at < ends, name
            for first in (begins, ends):
                assert wall_of(name, first).isoweekday() == 1, name
                assert wall_of(name, first - MINUTE).isoweekday() == 7, name
            assert timedelta(days=6) < ends - begins < timedelta(days=8), name


def test_the_world_has_timezones_that_change_their_clocks() -> None:
    ways = ways_of_changing()
    assert len(ways) > 50
    assert sum(bool(changes) for changes in ways.values()) > 20
    assert {timedelta(hours=2), timedelta(minutes=30), HOUR} <= {
        abs(offset_of(name, change) - offset_of(name, change - MINUTE))
        for name, changes in ways.items()
        for change in changes
    }
