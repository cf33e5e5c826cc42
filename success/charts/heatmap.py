"""Days as squares: weeks are columns, weekdays rows, as on GitHub."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.formats import get_format

from success.heatmap import DayCount

SIZE = 34
STEP = 39
LEFT = 44
TOP = 22
LEVELS = 4


@dataclass(frozen=True)
class Square:
    day: date
    count: int
    level: int
    x: int
    y: int
    text: str


@dataclass(frozen=True)
class Label:
    text: str
    x: int
    y: int


@dataclass(frozen=True)
class Heatmap:
    squares: Sequence[Square]
    months: Sequence[Label]
    weekdays: Sequence[Label]
    width: int
    height: int


def heatmap(days: Sequence[DayCount]) -> Heatmap:
    """Squares for consecutive days; weeks begin as the reader's locale has it."""
    if not days:
        return Heatmap([], [], [], LEFT, TOP)
    first_weekday = (int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7
    first = _week_of(days[0].day, first_weekday)
    peak = max(LEVELS, *(day.count for day in days))
    squares = [_square(day.day, day.count, first=first, first_weekday=first_weekday, peak=peak) for day in days]
    return Heatmap(
        squares,
        _months(squares),
        [Label(str(WEEKDAYS_ABBR[(first_weekday + row) % 7]), 0, TOP + row * STEP + SIZE // 2) for row in range(7)],
        squares[-1].x + SIZE + 1,
        TOP + 7 * STEP,
    )


def _square(day: date, count: int, *, first: date, first_weekday: int, peak: int) -> Square:
    column = (_week_of(day, first_weekday) - first).days // 7
    row = (day.weekday() - first_weekday) % 7
    level = -(-LEVELS * count // peak)
    return Square(day, count, level, LEFT + column * STEP, TOP + row * STEP, compact(count) if count else "")


def _week_of(day: date, first_weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def _months(squares: Sequence[Square]) -> list[Label]:
    """A name over the first column of each month, unless the next one follows at once."""
    firsts: dict[tuple[int, int], int] = {}
    for square in squares:
        firsts.setdefault((square.day.year, square.day.month), square.x)
    labels: list[Label] = []
    for (_, month), x in firsts.items():
        if labels and x - labels[-1].x < STEP:
            labels.pop()
        labels.append(Label(str(MONTHS_3[month]).capitalize(), x, 10))
    return labels


def compact(count: int) -> str:
    """Three characters and a unit at most: 999, 1k, 12k, 3M."""
    for unit in ("", "k", "M", "G"):
        if count < 1000:
            return f"{count}{unit}"
        count //= 1000
    return f"{count}T"
