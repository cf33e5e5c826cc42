"""All the world's timezones, one for each way of changing clocks, and when they do."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@cache
def ways_of_changing() -> Mapping[str, Sequence[datetime]]:
    """A timezone of each way, and the first minutes after its changes in two years."""
    names = sorted(available_timezones())
    ways = {tuple(offset_of(name, START + days * DAY) for days in range(731)): name for name in names}
    return {
        name: [
            first_minute_of(name, START + days * DAY)
            for days, (before, after) in enumerate(pairwise(offsets))
            if before != after
        ]
        for offsets, name in ways.items()
    }


def offset_of(name: str, at: datetime) -> timedelta:
    offset = at.astimezone(ZoneInfo(name)).utcoffset()
    assert offset is not None
    return offset


def first_minute_of(name: str, day: datetime) -> datetime:
    """Of the new offset, in the 24 hours from `day` on."""
    before, after = 0, 1440
    while after - before > 1:
        middle = (before + after) // 2
        is_changed = offset_of(name, day + middle * MINUTE) != offset_of(name, day)
        before, after = (before, middle) if is_changed else (middle, after)
    return day + after * MINUTE


def wall_of(name: str, at: datetime) -> datetime:
    """What a clock on the wall shows."""
    return (at + offset_of(name, at)).replace(tzinfo=None)
