"""Scores over time as a line. Across, positions are percentages, so that text keeps its size on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HEIGHT = 250
TOP = 12
DOTS_UP_TO = 40
LABELS = 3
LINE_WIDTH = 1000


@dataclass(frozen=True)
class Reading:
    day: date
    overall: int | None
    band: str


@dataclass(frozen=True)
class Dot:
    x: str
    y: str
    reading: Reading


@dataclass(frozen=True)
class Tick:
    x: str
    day: date
    anchor: str


@dataclass(frozen=True)
class Zone:
    band: str
    y: str
    height: str
    limit: int
    limit_y: str


@dataclass(frozen=True)
class History:
    line: str
    dots: Sequence[Dot]
    ticks: Sequence[Tick]
    zones: Sequence[Zone]


def history(readings: Sequence[Reading], *, bands: Sequence[tuple[str, int, int]]) -> History:
    """Oldest reading first. A reading without a number breaks the line."""
    scale = _Scale(readings)
    dots = [Dot(scale.across(r.day), f"{_down(r.overall):g}", r) for r in readings if r.overall is not None]
    return History(
        line=_line(readings, scale),
        dots=dots if len(dots) <= DOTS_UP_TO else dots[-1:],
        ticks=_ticks(readings, scale),
        zones=[
            Zone(band, f"{_down(high):g}", f"{_down(low) - _down(high):g}", high, f"{_down(high) + 4:g}")
            for band, low, high in bands
        ],
    )


class _Scale:
    """Where a day lies between the first and the last, 0 to 1; a lone day lies in the middle."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self.first = readings[0].day if readings else date.min
        self.days = (readings[-1].day - self.first).days if readings else 0

    def share(self, day: date) -> float:
        return (day - self.first).days / self.days if self.days else 0.5

    def across(self, day: date) -> str:
        return f"{self.share(day) * 100:.2f}%"


def _down(points: int) -> float:
    return TOP + (100 - points) * HEIGHT / 100


def _line(readings: Sequence[Reading], scale: _Scale) -> str:
    path, drawing = [], False
    for reading in readings:
        if reading.overall is not None:
            path.append(
                f"{'L' if drawing else 'M'}{scale.share(reading.day) * LINE_WIDTH:.1f} {_down(reading.overall):g}"
            )
        drawing = reading.overall is not None
    return "".join(path)


def _ticks(readings: Sequence[Reading], scale: _Scale) -> list[Tick]:
    if len(readings) < 2:
        return [Tick("50%", reading.day, "middle") for reading in readings]
    last = len(readings) - 1
    count = min(LABELS, len(readings))
    chosen = sorted({round(step * last / (count - 1)) for step in range(count)})
    anchors = {0: "start", last: "end"}
    return [Tick(scale.across(readings[i].day), readings[i].day, anchors.get(i, "middle")) for i in chosen]
