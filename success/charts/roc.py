"""The curve of hits against false alarms, for every threshold there could be. A square of 100 by 100, y down."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_POINTS = 200
Counts = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Roc:
    """Paths of the score and of its rival."""

    score: str
    recency: str


def roc(score: Counts, recency: Counts) -> Roc:
    """Each as (followed by churn, not followed) from the riskiest value to the safest; neither may be all zero."""
    return Roc(_path(score), _path(recency))


def _path(counts: Counts) -> str:
    hits, alarms = sum(hit for hit, _ in counts), sum(miss for _, miss in counts)
    points, hit, miss = [(0.0, 100.0)], 0, 0
    for churned, retained in counts:
        hit, miss = hit + churned, miss + retained
        points.append((100 * miss / alarms, 100 - 100 * hit / hits))
    step = -(-len(points) // MOST_POINTS)
    shown = [*points[:-1:step], points[-1]]
    return "M" + "L".join(f"{across:.2f} {down:.2f}" for across, down in shown)
