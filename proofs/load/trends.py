"""Whether something grows: the line through its samples, against how much it may."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, linear_regression

from proofs.load.sampling import MEBIBYTE, Sample

# Growth in an hour that still counts as flat: a tenth of the whole, or what a few pages and threads come and go by.
SHARE = 0.10
LEAST_BYTES = 8 * MEBIBYTE
LEAST_COUNT = 8
HOUR = 3_600


@dataclass(frozen=True)
class Trend:
    """`per_hour` is the slope of the straight line through the samples."""

    name: str
    first: float
    last: float
    highest: float
    per_hour: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        return self.per_hour <= self.allowed


def trend(name: str, seconds: Sequence[float], values: Sequence[float], *, least: float) -> Trend:
    """`first` and `last` are means over a tenth of the samples at either end."""
    tenth = max(1, len(values) // 10)
    return Trend(
        name=name,
        first=fmean(values[:tenth]),
        last=fmean(values[-tenth:]),
        highest=max(values),
        per_hour=linear_regression(seconds, values).slope * HOUR,
        allowed=max(SHARE * fmean(values), least),
    )


def trends(samples: Sequence[Sample]) -> list[Trend]:
    """Of each part's memory, open files and threads, and of the database's connections."""
    seconds = [sample.second for sample in samples]
    made = []
    for part in samples[0].taken:
        taken = [sample.taken[part] for sample in samples]
        made += [
            trend(f"{part}: private bytes", seconds, [each.private_bytes for each in taken], least=LEAST_BYTES),
            trend(f"{part}: open files", seconds, [each.open_files for each in taken], least=LEAST_COUNT),
            trend(f"{part}: threads", seconds, [each.threads for each in taken], least=LEAST_COUNT),
            trend(f"{part}: processes", seconds, [each.processes for each in taken], least=LEAST_COUNT),
        ]
    made.append(trend("connections", seconds, [sample.connections for sample in samples], least=LEAST_COUNT))
    return made
