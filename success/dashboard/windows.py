"""The days that a score looked at, each window from its first to its last day."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Window:
    first: date
    last: date


@dataclass(frozen=True)
class Windows:
    month: Window
    week: Window
    week_before: Window
    feedback: Window


def windows_before(period_end: date) -> Windows:
    def days(length: int, *, until: int = 0) -> Window:
        return Window(period_end - timedelta(days=until + length), period_end - timedelta(days=until + 1))

    return Windows(month=days(30), week=days(7), week_before=days(7, until=7), feedback=days(180))
