"""Load rises step by step until the installation cannot follow: latency by load, and who takes the processors."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.figures import percentile, table
from proofs.load import consumption
from proofs.load.pacing import Answer, Driven, drive
from proofs.load.standing import Standing, standing
from proofs.load.traffic import EVENTS_ALONE, MIXED, WITH_EVENTS, Traffic

STEP_SECONDS = 20.0
WARM_UP_SECONDS = 15.0
EVENT_RATES = (100, 200, 400, 600, 800, 1_000, 1_200, 1_400, 1_700, 2_000)
MIXED_RATES = (50, 75, 100, 150, 200, 250, 300, 350, 400, 500)
LONGEST_P99_SECONDS = 1.0
LEAST_ACHIEVED = 0.95
WAITS = """
    SELECT coalesce(wait_event_type || ': ' || wait_event, 'working'), count(*) FROM pg_stat_activity
    WHERE state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend' GROUP BY 1
"""


@dataclass(frozen=True)
class Step:
    """`offered` and `achieved` in requests a second; `cores` taken by each part, `others` that are not ours and
    `stolen` by the machine's host; `backends` how many were at what, on average over the step's looks.
    """

    offered: float
    achieved: float
    events: list[float]
    pages: list[float]
    statuses: Counter[int]
    cores: dict[str, float]
    backends: dict[str, float]

    @property
    def is_followed(self) -> bool:
        return (
            self.achieved >= LEAST_ACHIEVED * self.offered
            and percentile(self.events, 99) <= LONGEST_P99_SECONDS
            and all(200 <= status < 300 for status in self.statuses)
        )


def prove() -> bool:
    """Print what was measured; True when load that can be followed is answered without an error."""
    with standing() as running, sender() as pool:
        warm_up(running, pool)
        alone = climb(running, pool, EVENTS_ALONE, EVENT_RATES)
        mixed = climb(running, pool, MIXED, MIXED_RATES)
    print(f"\nEvents alone\n\n{report(alone)}\n\nMixed\n\n{report(mixed)}", flush=True)
    return capacity(alone) > 0 and capacity(mixed) > 0


def capacity(steps: Sequence[Step]) -> float:
    """What was achieved at the last step before the first that could not be followed."""
    followed = 0.0
    for step in steps:
        if not step.is_followed:
            break
        followed = step.achieved
    return followed


@contextmanager
def sender() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def warm_up(running: Standing, pool: ProcessPoolExecutor) -> None:
    traffic = running.traffic(MIXED, mark="warm-")
    pool.submit(drive, running.address, traffic, rate=40, seconds=WARM_UP_SECONDS).result()


def climb(running: Standing, pool: ProcessPoolExecutor, shares: Mapping[str, int], rates: Sequence[int]) -> list[Step]:
    """Steps up to the second one that cannot be followed."""
    steps: list[Step] = []
    for rate in rates:
        steps.append(step(running, pool, running.traffic(shares, mark="step-"), rate=rate))
        print(report(steps[-1:]).splitlines()[-1], flush=True)
        if sum(not each.is_followed for each in steps) == 2:
            break
        time.sleep(2)
    return steps


def step(running: Standing, pool: ProcessPoolExecutor, traffic: Traffic, *, rate: float) -> Step:
    pids, looks = running.pids(), Counter[str]()
    before, machine, begun = consumption.cpu_by_part(pids), consumption.machine(), time.monotonic()
    future = pool.submit(drive, running.address, traffic, rate=rate, seconds=STEP_SECONDS)
    count = look(running, future, looks)
    driven, took = future.result(), time.monotonic() - begun
    cores = {part: (seconds - before[part]) / took for part, seconds in consumption.cpu_by_part(pids).items()}
    cores["sender"] = driven.cpu_seconds / took
    now = consumption.machine()
    cores["others"] = max(0.0, (now.busy_seconds - machine.busy_seconds) / took - sum(cores.values()))
    cores["stolen"] = (now.stolen_seconds - machine.stolen_seconds) / took
    return summed_up(driven, rate, cores, {name: number / count for name, number in looks.items()})


def look(running: Standing, future: Future[Driven], looks: Counter[str]) -> int:
    """Once a second, what the database's backends are at; how often."""
    count = 0
    while not future.done():
        time.sleep(1)
        looks.update({str(name): int(str(number)) for name, number in running.ours.ask(WAITS)})
        count += 1
    return count


def summed_up(driven: Driven, rate: float, cores: dict[str, float], backends: dict[str, float]) -> Step:
    answered = [answer for answer in driven.answers if answer.status > 0]
    return Step(
        offered=rate,
        achieved=len([answer for answer in answered if answer.due + answer.seconds <= driven.seconds]) / driven.seconds,
        events=latencies(driven.answers, of_events=True),
        pages=latencies(driven.answers, of_events=False),
        statuses=Counter(answer.status for answer in driven.answers if answer.status >= 0),
        cores=cores,
        backends=backends,
    )


def latencies(answers: Sequence[Answer], *, of_events: bool) -> list[float]:
    """In seconds. Those that were never sent count with the time for which they have waited."""
    return [answer.seconds for answer in answers if (answer.kind in WITH_EVENTS) == of_events]


PARTS = ("web", "database", "broker", "worker", "clock", "sender", "others", "stolen")


def report(steps: Sequence[Step]) -> str:
    header = ["offered/s", "achieved/s", "events p50 ms", "p95", "p99", "pages p50 ms", "p99", *PARTS, "backends at"]
    return table(header, [row(step) for step in steps])


def row(step: Step) -> list[str]:
    events, pages = step.events, step.pages
    waits = sorted(step.backends.items(), key=lambda item: -item[1])[:3]
    return [
        f"{step.offered:,.0f}",
        f"{step.achieved:,.0f}",
        *(milliseconds(events, percent) for percent in (50, 95, 99)),
        *(milliseconds(pages, percent) for percent in (50, 99)),
        *(f"{step.cores[part]:.2f}" for part in PARTS),
        ", ".join(f"{name} {number:.1f}" for name, number in waits if number >= 0.1),
    ]


def milliseconds(latencies: Sequence[float], percent: float) -> str:
    return f"{percentile(latencies, percent) * 1000:,.0f}" if latencies else "–"
