"""What came of a soak, as tables."""

from collections.abc import Sequence
from statistics import fmean

from benchmarks.figures import percentile, table
from proofs.load.pacing import Answer
from proofs.load.sampling import MEBIBYTE, Sample, Table
from proofs.load.steps import milliseconds
from proofs.load.traffic import MIXED
from proofs.load.trends import Trend


def glance(samples: Sequence[Sample]) -> str:
    """How it goes."""
    last = samples[-1]
    memory = ", ".join(f"{part} {taken.private_bytes / MEBIBYTE:.0f}" for part, taken in last.taken.items())
    load = fmean(sample.load_average for sample in samples)
    return f"soak: {last.second:.0f} s, MiB {memory}; {last.connections} connections, load average {load:.1f}"


def by_kind(answers: Sequence[Answer]) -> str:
    rows = []
    for kind in MIXED:
        seconds = [answer.seconds for answer in answers if answer.kind == kind]
        times = [milliseconds(seconds, percent) for percent in (50, 95, 99, 100)]
        rows.append([kind, f"{len(seconds):,}", *times])
    return table(["kind", "requests", "p50 ms", "p95", "p99", "slowest"], rows)


def of_trends(made: Sequence[Trend]) -> str:
    return table(["what", "first", "last", "highest", "grew", "allowed", "", ""], [_trend(each) for each in made])


def _trend(each: Trend) -> list[str]:
    unit = MEBIBYTE if "bytes" in each.name else 1
    numbers = (each.first, each.last, each.highest, each.grew, each.allowed)
    name = each.name.replace("private bytes", "private MiB")
    return [name, *(f"{number / unit:,.1f}" for number in numbers), each.over, "flat" if each.is_flat else "grows"]


def of_machine(samples: Sequence[Sample]) -> str:
    rows = [[part, *_spread([sample.cores[part] for sample in samples])] for part in samples[-1].cores]
    rows.append(["load average", *_spread([sample.load_average for sample in samples])])
    rows.append(["dead rows", *_spread([sample.dead_rows for sample in samples])])
    return table(["cores taken by", "mean", "p50", "highest"], rows)


def _spread(values: Sequence[float]) -> list[str]:
    return [f"{number:,.2f}" for number in (fmean(values), percentile(values, 50), max(values))]


def of_tables(before: Sequence[Table], after: Sequence[Table]) -> str:
    sizes = {each.name: each.size_bytes for each in before}
    rows = [
        [
            each.name,
            f"{sizes.get(each.name, 0) / MEBIBYTE:.1f}",
            f"{each.size_bytes / MEBIBYTE:.1f}",
            f"{each.live:,}",
            f"{each.dead:,}",
            f"{each.autovacuums}",
        ]
        for each in after[:12]
    ]
    return table(["table", "MiB before", "after", "rows", "dead", "autovacuums"], rows)
