"""Whether something grows, and by how much it may."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, linear_regression

from proofs.load.sampling import MEBIBYTE, Sample

# Growth that still counts as flat: such a share of the mean, or what a few pages and threads come and go by.
SHARE_AN_HOUR = 0.10
SHARE_OF_PEAK = 0.05
LEAST_BYTES = 8 * MEBIBYTE
LEAST_COUNT = 8
HOUR = 3_600


@dataclass(frozen=True)
class Trend:
    """`first` and `last` are means over a tenth of the samples at either end; `over` says between what it `grew`."""

    name: str
    first: float
    last: float
    highest: float
    grew: float
    over: str
    allowed: float

    @property
    def is_flat(self) -> bool:
        return self.grew <= self.allowed


def by_slope(name: str, seconds: Sequence[float], values: Sequence[float], *, least: float) -> Trend:
    """By the straight line through the values, in an hour."""
    return _trend(
        name,
        values,
        grew=linear_regression(seconds, values).slope * HOUR,
        over="an hour",
        allowed=max(SHARE_AN_HOUR * fmean(values), least),
    )


def by_peaks(name: str, seconds: Sequence[float], values: Sequence[float], *, least: float) -> Trend:
    """From the peak of the first half to that of the second: for what rises and is thrown away again and again."""
    middle = fmean((seconds[0], seconds[-1]))
    before, after = (
        max(value for second, value in zip(seconds, values, strict=True) if (second > middle) == is_after)
        for is_after in (False, True)
    )
    return _trend(name, values, grew=after - before, over="peak to peak", allowed=max(SHARE_OF_PEAK * before, least))


def _trend(name: str, values: Sequence[float], *, grew: float, over: str, allowed: float) -> Trend:
    tenth = max(1, len(values) // 10)
    return Trend(
        name=name,
        first=fmean(values[:tenth]),
        last=fmean(values[-tenth:]),
        highest=max(values),
        grew=grew,
        over=over,
        allowed=allowed,
    )


def trends(samples: Sequence[Sample]) -> list[Trend]:
    """Of each part's memory, open files and threads, and of the database's connections.

    A backend of the database keeps what it has once looked up and planned until its connection is closed, which the
    application does after ten minutes. So what it holds is a saw, of which the teeth are compared.
    """
    seconds = [sample.second for sample in samples]
    made = [by_slope("connections", seconds, [sample.connections for sample in samples], least=LEAST_COUNT)]
    for part in samples[0].taken:
        taken = [sample.taken[part] for sample in samples]
        by = by_peaks if part == "database" else by_slope
        made += [
            by(f"{part}: private bytes", seconds, [each.private_bytes for each in taken], least=LEAST_BYTES),
            by(f"{part}: open files", seconds, [each.open_files for each in taken], least=LEAST_COUNT),
            by(f"{part}: threads", seconds, [each.threads for each in taken], least=LEAST_COUNT),
            by(f"{part}: processes", seconds, [each.processes for each in taken], least=LEAST_COUNT),
        ]
    return made
