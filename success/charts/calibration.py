"""How many of each band left, with whiskers for the interval. Across and down in percent of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

CEILINGS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Rate:
    """Shares from 0 to 1; `n` observations."""

    label: str
    band: str
    rate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Whisker:
    rate: Rate
    x: str
    y: str
    low_y: str
    high_y: str
    percent: str


@dataclass(frozen=True)
class Line:
    y: str
    label: str


@dataclass(frozen=True)
class Calibration:
    whiskers: Sequence[Whisker]
    lines: Sequence[Line]


def calibration(rates: Sequence[Rate]) -> Calibration:
    ceiling = next(limit for limit in CEILINGS if limit >= max((rate.high for rate in rates), default=0))

    def down(share: float) -> str:
        return f"{100 - share / ceiling * 100:.2f}%"

    return Calibration(
        [
            Whisker(
                rate=rate,
                x=f"{(2 * place + 1) * 100 / (2 * len(rates)):.2f}%",
                y=down(rate.rate),
                low_y=down(rate.low),
                high_y=down(rate.high),
                percent=f"{rate.rate * 100:.1f} %",
            )
            for place, rate in enumerate(rates)
        ],
        [Line(down(ceiling * part), f"{ceiling * part * 100:g} %") for part in (0, 0.5, 1)],
    )
