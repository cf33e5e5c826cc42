"""Load rises step by step until the installation cannot follow: latency by load, and who takes the processors."""

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from proofs.load.chart import draw_saturation
from proofs.load.pacing import drive
from proofs.load.standing import Standing, standing
from proofs.load.steps import Step, capacity, measure, report
from proofs.load.traffic import EVENTS_ALONE, MIXED

WARM_UP_SECONDS = 15.0
WARM_UP_RATE = 40
EVENT_RATES = (100, 200, 400, 600, 800, 1_000, 1_200, 1_400, 1_700, 2_000)
MIXED_RATES = (50, 75, 100, 150, 200, 250, 300, 350, 400, 500)


def prove() -> bool:
    """Print what was measured; True when load that can be followed is answered without an error."""
    with standing() as running, sender() as pool:
        warm_up(running, pool)
        mixed = climb(running, pool, MIXED, MIXED_RATES)
        alone = climb(running, pool, EVENTS_ALONE, EVENT_RATES)
    print(f"\nEvents alone\n\n{report(alone)}\n\nMixed\n\n{report(mixed)}", flush=True)
    draw_saturation(alone, mixed)
    return capacity(alone) > 0 and capacity(mixed) > 0 and all(step.is_answered for step in (*alone, *mixed))


@contextmanager
def sender() -> Iterator[ProcessPoolExecutor]:
    """A process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def warm_up(running: Standing, pool: ProcessPoolExecutor) -> None:
    traffic = running.traffic(MIXED, mark="warm-")
    pool.submit(drive, running.address, traffic, rate=WARM_UP_RATE, seconds=WARM_UP_SECONDS).result()


def climb(running: Standing, pool: ProcessPoolExecutor, shares: Mapping[str, int], rates: Sequence[int]) -> list[Step]:
    """Steps up to the second one that cannot be followed."""
    steps: list[Step] = []
    for rate in rates:
        steps.append(measure(running, pool, running.traffic(shares, mark="step-"), rate=rate))
        print(report(steps[-1:]).splitlines()[-1], flush=True)
        if sum(not each.is_followed for each in steps) == 2:
            break
        time.sleep(2)
    return steps
