from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from jobs.periods import Every

THURSDAY = datetime(2026, 11, 19, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "key"),
    [
        (Every.HOUR, "2026-11-19T23Z"),
        (Every.DAY, "2026-11-19"),
        (Every.WEEK, "2026-11-16"),
        (Every.MONTH, "2026-11-01"),
    ],
)
def test_a_period_is_named_after_its_end(every: Every, key: str) -> None:
    period = every.period_of(THURSDAY)
    assert period.key == key
    assert every.period(key) == period


def test_calendar_periods_end_at_each_midnight_and_hours_everywhere_at_once() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    assert Every.WEEK.period_of(THURSDAY).ended_at(auckland) == datetime(2026, 11, 15, 11, tzinfo=UTC)
    assert Every.HOUR.period_of(THURSDAY).ended_at(auckland) == datetime(2026, 11, 19, 23, tzinfo=UTC)


def test_a_week_asked_for_by_hand_may_end_on_any_day() -> None:
    assert Every.WEEK.period("2026-11-18").key == "2026-11-18"


@pytest.mark.parametrize(
    ("every", "key", "following"),
    [
        (Every.HOUR, "2026-12-31T23Z", "2027-01-01T00Z"),
        (Every.DAY, "2028-02-28", "2028-02-29"),
        (Every.WEEK, "2026-12-28", "2027-01-04"),
        (Every.MONTH, "2026-12-01", "2027-01-01"),
        (Every.MONTH, "2027-01-31", "2027-02-01"),
    ],
)
def test_one_period_follows_another(every: Every, key: str, following: str) -> None:
    assert every.following(every.period(key)).key == following
