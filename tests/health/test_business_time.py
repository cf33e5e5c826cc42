import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from health.business_time import business_time_before

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def business_minutes(begin: datetime, end: datetime, *, zone: ZoneInfo, holidays: set[date]) -> int:
    """Counted one by one."""
    minutes = int((end - begin) / timedelta(minutes=1))
    local = ((begin + n * timedelta(minutes=1)).astimezone(zone).date() for n in range(minutes))
    return sum(day.isoweekday() < 6 and day not in holidays for day in local)


@pytest.mark.parametrize(
    ("moment", "hours", "expected"),
    [
        ("2026-11-18T12:00+01:00", 24, "2026-11-17T12:00+01:00"),
        ("2026-11-16T12:00+01:00", 24, "2026-11-13T12:00+01:00"),
        ("2026-11-15T12:00+01:00", 24, "2026-11-13T00:00+01:00"),
        ("2026-11-16T00:00+01:00", 24, "2026-11-13T00:00+01:00"),
        # A holiday on the 25th; Sunday the 29th of March has 23 hours and counts in neither case.
        ("2026-11-26T06:00+01:00", 12, "2026-11-24T18:00+01:00"),
        ("2026-03-30T06:00+02:00", 12, "2026-03-27T18:00+01:00"),
    ],
)
def test_business_time_skips_what_does_not_count(moment: str, hours: int, expected: str) -> None:
    found = business_time_before(
        datetime.fromisoformat(moment), hours * HOUR, timezone=BERLIN, holidays={date(2026, 11, 25)}
    )
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize("seed", range(8))
def test_business_time_agrees_with_counting_minutes(seed: int) -> None:
    dice = random.Random(seed)
    zone = ZoneInfo(dice.choice(["Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia"]))
    moment = datetime(2026, dice.choice([3, 4, 9, 10]), 28, tzinfo=UTC) + dice.randrange(20_000) * timedelta(minutes=1)
    holidays = {moment.date() - timedelta(days=dice.randrange(9)) for _ in range(3)}
    length = dice.randrange(1, 4_000)
    found = business_time_before(moment, length * timedelta(minutes=1), timezone=zone, holidays=holidays)
    assert business_minutes(found, moment, zone=zone, holidays=holidays) == length
    assert business_minutes(found + timedelta(minutes=1), moment, zone=zone, holidays=holidays) == length - 1
