"""docs/performance/: what was measured, drawn."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from benchmarks.figures import percentile
from proofs.load.sampling import MEBIBYTE, Sample
from proofs.load.steps import Step

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FOLDER = Path("docs/performance")


def draw_saturation(alone: Sequence[Step], mixed: Sequence[Step], *, path: Path = FOLDER / "load.svg") -> None:
    """Latency by load, and who took the processors."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained", sharex="col")
    for (top, bottom), title, steps in zip(axes.T, ("events alone", "mixed"), (alone, mixed), strict=True):
        _latency(top, steps)
        top.set(title=title, yscale="log")
        _cores(bottom, steps)
        bottom.set(xlabel="requests offered a second")
    axes[0, 0].set(ylabel="answer, ms")
    axes[1, 0].set(ylabel="cores taken")
    _save(figure, path)


def _latency(axes: Axes, steps: Sequence[Step]) -> None:
    offered = [step.offered for step in steps]
    for percent in (50, 95, 99):
        axes.plot(
            offered, [percentile(step.events, percent) * 1_000 for step in steps], "o-", label=f"events p{percent}"
        )
    if all(step.pages for step in steps):
        axes.plot(offered, [percentile(step.pages, 99) * 1_000 for step in steps], "s--", label="pages and API p99")
    _finish(axes)


def _cores(axes: Axes, steps: Sequence[Step]) -> None:
    for part in ("web", "database", "worker", "sender", "others"):
        axes.plot([step.offered for step in steps], [step.cores[part] for step in steps], "o-", label=part)
    _finish(axes)


def draw_soak(samples: Sequence[Sample], *, path: Path = FOLDER / "soak.svg") -> None:
    """Memory by part, and connections with the machine's load."""
    figure, (memory, connections) = plt.subplots(2, 1, figsize=(9, 6), layout="constrained", sharex=True)
    minutes = [sample.second / 60 for sample in samples]
    for part in samples[0].taken:
        memory.plot(minutes, [sample.taken[part].private_bytes / MEBIBYTE for sample in samples], label=part)
    memory.set(ylabel="private memory, MiB", ylim=(0, None))
    connections.plot(minutes, [sample.connections for sample in samples], label="connections of the database")
    connections.plot(minutes, [sample.taken["web"].open_files for sample in samples], label="open files, web")
    connections.plot(minutes, [sample.taken["web"].threads for sample in samples], label="threads, web")
    connections.plot(minutes, [sample.load_average for sample in samples], ":", label="load average of the machine")
    connections.set(xlabel="minutes", ylabel="how many", ylim=(0, None))
    _finish(memory)
    _finish(connections)
    _save(figure, path)


def _finish(axes: Axes) -> None:
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False, fontsize="small")


def _save(figure: Figure, path: Path) -> None:
    mpl.rcParams |= {"svg.hashsalt": "mainstay", "svg.fonttype": "none"}
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
