"""How each figure grows with the size, as a table, and what did not hold."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from benchmarks.figures import table
from proofs.size.figures import Figures

# These may grow as fast as the clients do, and by so much faster on a machine that others use too.
LINEAR = ("success-score, s", "health-check-after-scores, s", "success-insights, s", "success-email, s",
          "hourly check, nothing new, s", "dump, s", "restore, s")  # fmt: skip
TOLERATED = 1.5
# Below, the time is that of beginning a run.
SHORTEST_SECONDS = 2.0
MEMORY_MAY_GROW_MB = 64


def growth_table(sizes: Sequence[Figures]) -> str:
    """The last column is how much of a figure's growth there is for ten times the clients, in the last step."""
    names = list(sizes[-1])
    rows = [[name, *(_text(figures.get(name)) for figures in sizes), _factor(name, sizes)] for name in names]
    return table(["figure", *(f"{figures['clients']:,.0f} clients" for figures in sizes), "× in the last step"], rows)


def complaints(sizes: Sequence[Figures]) -> Iterator[str]:
    """What was required and did not hold, a sentence each."""
    for figures in sizes:
        yield from _incomplete(figures)
    smallest, largest = sizes[0], sizes[-1]
    for name in largest:
        if name.endswith(": queries") and largest[name] != smallest[name]:
            yield f"{name}: {smallest[name]:.0f} of few rows, {largest[name]:.0f} of many"
        if name.endswith("memory, MB") and largest[name] > smallest[name] + MEMORY_MAY_GROW_MB:
            yield f"{name}: {smallest[name]:.0f} of few rows, {largest[name]:.0f} of many"
    for before, after in pairwise(sizes):
        yield from _superlinear(before, after)


def _incomplete(figures: Figures) -> Iterator[str]:
    clients = figures["clients"]
    wanted = {
        "scores of this week": clients,
        "success-score: processed": clients,
        "hourly check, nothing new: changed": 0,
        "tables and sequences that differ": 0,
    }
    for name, value in wanted.items():
        if figures[name] != value:
            yield f"{clients:,.0f} clients: {name} {figures[name]:,.0f} instead of {value:,.0f}"


def _superlinear(before: Figures, after: Figures) -> Iterator[str]:
    step = after["clients"] / before["clients"]
    for name in LINEAR:
        if after[name] > TOLERATED * step * max(before[name], SHORTEST_SECONDS):
            yield f"{name}: {before[name]:.1f} to {after[name]:.1f} where the clients grew by {step:.0f}"


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _factor(name: str, sizes: Sequence[Figures]) -> str:
    if len(sizes) < 2 or not sizes[-2].get(name):
        return ""
    return f"{sizes[-1][name] / sizes[-2][name]:.1f}"
