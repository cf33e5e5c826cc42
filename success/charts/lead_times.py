"""How long before they left clients had been at risk, in bars of four weeks."""

from collections.abc import Sequence
from dataclasses import dataclass

DAYS = 28
BARS = 7


@dataclass(frozen=True)
class LeadBar:
    """`share` of the tallest bar, in percent; the last bar holds everything longer."""

    label: str
    clients: int
    share: float


def lead_time_bars(days: Sequence[tuple[int, int]]) -> list[LeadBar]:
    """Of (days, clients) pairs."""
    counts = [0] * BARS
    for lead, clients in days:
        counts[min(lead // DAYS, BARS - 1)] += clients
    tallest = max(counts) or 1
    labels = [f"{place * 4}–{place * 4 + 4}" for place in range(BARS - 1)] + [f"{(BARS - 1) * 4}+"]
    return [LeadBar(label, count, round(100 * count / tallest, 1)) for label, count in zip(labels, counts, strict=True)]
