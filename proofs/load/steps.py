"""One step of rising load: how fast answers come, and who takes the processors meanwhile."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

from benchmarks.figures import percentile, table
from proofs.load import consumption
from proofs.load.pacing import Answer, Driven, drive
from proofs.load.standing import Standing
from proofs.load.traffic import WITH_EVENTS, Traffic

STEP_SECONDS = 20.0
LONGEST_P99_SECONDS = 1.0
LEAST_ACHIEVED = 0.95
PARTS = ("web", "database", "broker", "worker", "clock", "sender", "others", "stolen")
WAITS = """
    SELECT coalesce(wait_event_type || ': ' || wait_event, 'working'), count(*) FROM pg_stat_activity
    WHERE state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend' GROUP BY 1
"""


@dataclass(frozen=True)
class Step:
    """`offered`, `due` as chance had it, and `achieved` in requests a second; latencies in seconds; `cores` taken by
    each part, by `others` that are not ours, and `stolen` by the machine's host; `backends` how many were at what, on
    average.
    """

    offered: float
    due: float
    achieved: float
    events: list[float]
    pages: list[float]
    statuses: Counter[int]
    cores: dict[str, float]
    backends: dict[str, float]

    @property
    def is_followed(self) -> bool:
        return (
            self.achieved >= LEAST_ACHIEVED * self.due
            and percentile(self.events, 99) <= LONGEST_P99_SECONDS
            and self.is_answered
        )

    def cpu_ms(self, part: str) -> float:
        """CPU that a part spends on one answered request, its background work included."""
        return self.cores[part] / self.achieved * 1_000

    @property
    def is_answered(self) -> bool:
        """Nothing was refused and no connection broke."""
        return all(200 <= status < 300 for status in self.statuses)


def capacity(steps: Sequence[Step]) -> float:
    """What was achieved at the last step before the first that could not be followed."""
    followed = 0.0
    for step in steps:
        if not step.is_followed:
            break
        followed = step.achieved
    return followed


def measure(running: Standing, pool: ProcessPoolExecutor, traffic: Traffic, *, rate: float) -> Step:
    pids, looks = running.pids(), Counter[str]()
    before, machine, begun = consumption.cpu_by_part(pids), consumption.machine(), time.monotonic()
    future = pool.submit(drive, running.address, traffic, rate=rate, seconds=STEP_SECONDS)
    count = _look(running, future, looks)
    driven, took = future.result(), time.monotonic() - begun
    cores = {part: (seconds - before[part]) / took for part, seconds in consumption.cpu_by_part(pids).items()}
    cores["sender"] = driven.cpu_seconds / took
    now = consumption.machine()
    cores["others"] = max(0.0, (now.busy_seconds - machine.busy_seconds) / took - sum(cores.values()))
    cores["stolen"] = (now.stolen_seconds - machine.stolen_seconds) / took
    return _summed_up(driven, rate, cores, {name: number / count for name, number in looks.items()})


def _look(running: Standing, future: Future[Driven], looks: Counter[str]) -> int:
    """Once a second, what the database's backends are at; how often."""
    count = 0
    while not future.done():
        time.sleep(1)
        looks.update({str(name): int(str(number)) for name, number in running.ours.ask(WAITS)})
        count += 1
    return count


def _summed_up(driven: Driven, rate: float, cores: dict[str, float], backends: dict[str, float]) -> Step:
    """Answers that came after the end are no throughput; what was never sent counts with the time it has waited."""
    in_time = [
        answer for answer in driven.answers if answer.status > 0 and answer.due + answer.seconds <= driven.seconds
    ]
    return Step(
        offered=rate,
        due=len(driven.answers) / driven.seconds,
        achieved=len(in_time) / driven.seconds,
        events=_latencies(driven.answers, of_events=True),
        pages=_latencies(driven.answers, of_events=False),
        statuses=Counter(answer.status for answer in driven.answers if answer.status >= 0),
        cores=cores,
        backends=backends,
    )


def _latencies(answers: Sequence[Answer], *, of_events: bool) -> list[float]:
    return [answer.seconds for answer in answers if (answer.kind in WITH_EVENTS) == of_events]


def report(steps: Sequence[Step]) -> str:
    header = ["offered/s", "achieved/s", "events p50 ms", "p95", "p99", "pages p50 ms", "p99"]
    header += ["web CPU ms", "database CPU ms", *PARTS, "backends at"]
    return table(header, [_row(step) for step in steps])


def _row(step: Step) -> list[str]:
    waits = sorted(step.backends.items(), key=lambda item: -item[1])[:3]
    return [
        f"{step.offered:,.0f}",
        f"{step.achieved:,.0f}",
        *(milliseconds(step.events, percent) for percent in (50, 95, 99)),
        *(milliseconds(step.pages, percent) for percent in (50, 99)),
        *(f"{step.cpu_ms(part):.1f}" for part in ("web", "database")),
        *(f"{step.cores[part]:.2f}" for part in PARTS),
        ", ".join(f"{name} {number:.1f}" for name, number in waits if number >= 0.1),
    ]


def milliseconds(latencies: Sequence[float], percent: float) -> str:
    return f"{percentile(latencies, percent) * 1000:,.0f}" if latencies else "–"
