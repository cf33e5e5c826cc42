"""Half an hour at half of what the installation can follow, with hourly and weekly jobs in between: no request fails,
no event is lost, and memory, open files, threads and connections do not grow.
"""

import json
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from devserver import signals
from proofs.load.chart import draw_soak
from proofs.load.pacing import Driven, drive
from proofs.load.sampling import Sample, Sampler, Table, tables
from proofs.load.saturation import MIXED_RATES, climb, sender, warm_up
from proofs.load.soak_report import by_kind, glance, of_machine, of_tables, of_trends
from proofs.load.standing import COMMANDS, Standing, standing
from proofs.load.steps import capacity
from proofs.load.traffic import BATCH, MIXED
from proofs.load.trends import trends

MINUTES = 30.0
SAMPLE_SECONDS = 10.0
HOURLY_SECONDS, WEEKLY_SECONDS = 180.0, 360.0
HOURLY = ("health-check", "alert-digest")
WEEKLY = ("success-score", "health-check-after-scores", "success-insights", "success-email")
# In the first third caches fill, each of the workers' children does each of the jobs once, and connections come of age.
SETTLING = 1 / 3
MARK = "soak-"
JOBS_PATIENCE_SECONDS = 120.0
STORED = "SELECT count(*), count(DISTINCT message_id) FROM telemetry_event WHERE message_id LIKE %s"
COUNTED = "SELECT (SELECT count(*) FROM telemetry_event), (SELECT coalesce(sum(total), 0) FROM telemetry_dailyactivity)"
OPEN = "SELECT count(*) FROM jobs_jobrun WHERE status = 'running'"
RUNS = "SELECT job, status, sum(generation), sum(error_count) FROM jobs_jobrun GROUP BY 1, 2 ORDER BY 1, 2"


@dataclass(frozen=True)
class Counted:
    """Events, and what daily activity adds up to."""

    events: int
    activity: int

    def __sub__(self, before: "Counted") -> "Counted":
        return Counted(self.events - before.events, self.activity - before.activity)


@dataclass
class Soak:
    """What came of it. `stored` and `distinct` are events of the load in the database."""

    rate: float
    driven: Driven
    samples: list[Sample]
    before: list[Table]
    after: list[Table]
    runs: list[tuple[object, ...]]
    stored: int
    distinct: int
    counted: Counted
    complaints: Counter[str]

    @property
    def settled(self) -> list[Sample]:
        return self.samples[int(len(self.samples) * SETTLING) :]

    @property
    def acknowledged(self) -> int:
        """Events of which the sender was told that they are stored."""
        sizes = {"event": 1, "batch": BATCH}
        return sum(sizes.get(answer.kind, 0) for answer in self.driven.answers if answer.status == 200)

    @property
    def failed(self) -> Counter[int]:
        return Counter(answer.status for answer in self.driven.answers if not 200 <= answer.status < 300)


def prove() -> bool:
    """Print the figures; True when everything held."""
    with standing() as running, sender() as pool:
        warm_up(running, pool)
        rate = capacity(climb(running, pool, MIXED, MIXED_RATES)) / 2
        if not rate:
            print("soak: the machine is too busy to follow even the first step")
            return False
        return tell(soak(running, pool, rate=rate, minutes=MINUTES))


def soak(running: Standing, pool: ProcessPoolExecutor, *, rate: float, minutes: float) -> Soak:
    before, counted = tables(running), count(running)
    traffic = running.traffic(MIXED, mark=MARK)
    future = pool.submit(drive, running.address, traffic, rate=rate, seconds=minutes * 60)
    sampler, samples, begun = Sampler(running), list[Sample](), Counter[str]()
    for number in range(1, int(minutes * 60 / SAMPLE_SECONDS)):
        time.sleep(max(0.0, sampler.begun + number * SAMPLE_SECONDS - time.monotonic()))
        if future.done():
            break
        samples.append(sampler.sample())
        begin_due(running, samples[-1].second, begun)
        if len(samples) % 6 == 0:
            print(glance(samples[-6:]), flush=True)
    return account(running, future.result(), samples, before, counted, rate=rate)


def begin_due(running: Standing, second: float, begun: Counter[str]) -> None:
    for name, jobs, every in (("hourly", HOURLY, HOURLY_SECONDS), ("weekly", WEEKLY, WEEKLY_SECONDS)):
        if second >= begun[name] * every:
            begun[name] += 1
            running.begin(*jobs)


def account(
    running: Standing, driven: Driven, samples: list[Sample], before: list[Table], counted: Counted, *, rate: float
) -> Soak:
    ours = running.ours
    signals.wait_until(lambda: ours.ask(OPEN) == [(0,)], seconds=JOBS_PATIENCE_SECONDS, interval=1)
    stored, distinct = ours.ask(STORED, f"{MARK}%")[0]
    return Soak(
        rate=rate,
        driven=driven,
        samples=samples,
        before=before,
        after=tables(running),
        runs=ours.ask(RUNS),
        stored=int(str(stored)),
        distinct=int(str(distinct)),
        counted=count(running) - counted,
        complaints=complaints(running),
    )


def complaints(running: Standing) -> Counter[str]:
    """Lines of the logs that are warnings or worse, by what they tell."""
    found = Counter[str]()
    for part in COMMANDS:
        lines = [json.loads(line) for line in running.log(part).splitlines() if line.startswith("{")]
        found.update(
            f"{part}: {line['level']}: {line['event']} {line.get('request', '')}"
            for line in lines
            if line["level"] not in {"debug", "info"}
        )
    return found


def count(running: Standing) -> Counted:
    return Counted(*(int(str(number)) for number in running.ours.ask(COUNTED)[0]))


def tell(made: Soak) -> bool:
    """Print it; True when everything held."""
    settled = trends(made.settled)
    answers = made.driven.answers
    print(
        f"soak: {made.driven.seconds / 60:.0f} minutes at {made.rate:.0f} requests/s: {len(answers):,} requests, not"
        f" answered with 2xx: {dict(made.failed) or 'none'}; {made.acknowledged:,} events acknowledged, {made.stored:,}"
        f" stored, {made.distinct:,} of them different; with page views"
        f" {made.counted.events:,} events came in, and activity counts {made.counted.activity:,}"
    )
    tables_told = (by_kind(answers), of_trends(settled), of_machine(made.samples), of_tables(made.before, made.after))
    print("\n\n".join(tables_told))
    for run in made.runs:
        print(f"soak: run {run}")
    for line, count in made.complaints.most_common(10):
        print(f"soak: {count} × {line}")
    for refusal in made.driven.refusals[:5]:
        print(f"soak: {refusal[:500]!r}")
    draw_soak(made.samples)
    growing = [each.name for each in settled if not each.is_flat]
    print(f"soak: growing: {', '.join(growing) or 'nothing'}")
    return (
        not growing
        and not made.failed
        and made.acknowledged == made.stored == made.distinct
        and made.counted.events == made.counted.activity
        and all(status in {"succeeded", "skipped_late"} and not errors for _, status, _, errors in made.runs)
    )
