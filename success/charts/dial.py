"""The score as an arc over the scale of its bands."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

CENTRE = 110.0
BEGINS_AT = 150.0
SWEEP = 240.0
RADIUS = 84.0
SCALE_RADIUS = 102.0
GAP = 0.7


@dataclass(frozen=True)
class Arc:
    path: str
    band: str


@dataclass(frozen=True)
class Dial:
    """SVG paths in a box of 220 × 190. `value` is empty without a score."""

    track: str
    value: str
    scale: Sequence[Arc]


def dial(overall: int | None, *, bands: Sequence[tuple[str, int, int]]) -> Dial:
    """`bands`: name, from and to (points), in ascending order."""
    return Dial(
        track=_arc(0, 100, RADIUS),
        value=_arc(0, max(overall, 0.4), RADIUS) if overall is not None else "",
        scale=[
            Arc(_arc(low + (GAP if low else 0), high - (GAP if high < 100 else 0), SCALE_RADIUS), band)
            for band, low, high in bands
        ],
    )


def _arc(low: float, high: float, radius: float) -> str:
    x1, y1 = _point(low, radius)
    x2, y2 = _point(high, radius)
    large = int((high - low) / 100 * SWEEP > 180)
    return f"M{x1:.2f} {y1:.2f}A{radius:g} {radius:g} 0 {large} 1 {x2:.2f} {y2:.2f}"


def _point(points: float, radius: float) -> tuple[float, float]:
    angle = radians(BEGINS_AT + SWEEP * points / 100)
    return CENTRE + radius * cos(angle), CENTRE + radius * sin(angle)
