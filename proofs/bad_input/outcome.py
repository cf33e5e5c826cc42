"""What came back of the poisoned requests, and whether it may."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from proofs.bad_input.addresses import Address
from proofs.bad_input.exchange import Answer, exchanged
from proofs.bad_input.poisoning import Asked

LONGEST_REFUSAL = 16_384
SLOW_SECONDS = 1.0
TIMES_ALONE = 5
TELLING_EACH = 5_000
# Of the requests of each group, so many must get past sign-in, keys and tokens for the poison to mean anything.
ENOUGH_RATE = 0.6


@dataclass
class Outcome:
    """What was slow among others is asked again alone: what is slow each time is the request's own doing, else the
    machine's."""

    addresses: Sequence[Address]
    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    past: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    slow: list[tuple[Asked, float]] = field(default_factory=list)
    slow_alone: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    closed: Counter[str] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    came_in: Mapping[str, int] = field(default_factory=dict)
    came_in_at_the_end: Mapping[str, int] = field(default_factory=dict)
    forged: int = 0
    seconds_taken: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: Asked, answer: Answer) -> None:
        group, said = asked.address.group, described(asked, answer)
        with self.lock:
            self.answers[group][answer.status] += 1
            self.past[group] += answer.got_past
            self.stopped[asked.address.name] += not answer.got_past
            self.seconds.append(answer.seconds)
            self.kinds.add(asked.kind)
            if len(self.seconds) % TELLING_EACH == 0:
                self.tell_how_far()
            if not answer.status:
                self.closed[asked.kind] += 1
            if answer.status >= 500:
                self.failed.append(said)
            if answer.status >= 400 and answer.size > LONGEST_REFUSAL:
                self.long.append(said)
            if answer.seconds > SLOW_SECONDS:
                self.slow.append((asked, answer.seconds))

    def tell_how_far(self) -> None:
        print(
            f"bad_input: {len(self.seconds):,} so far, {len(self.failed)} failures, {len(self.long)} long,"
            f" {len(self.slow)} slow, {self.past.total():,} past the door",
            flush=True,
        )

    def try_alone(self, port: int) -> None:
        for asked, _ in self.slow:
            for _ in range(TIMES_ALONE):
                answer = exchanged(port, asked.content, is_whole=asked.is_whole)
                if answer.seconds <= SLOW_SECONDS:
                    break
            else:
                self.slow_alone.append(described(asked, answer))

    def tell(self) -> bool:
        """Print the figures; True when all held."""
        for line in (*self.totals(), *self.by_group(), *self.of_the_clean()):
            print(f"bad_input: {line}", flush=True)
        faults = (self.failed, self.long, self.slow_alone)
        for name, found in zip(("FAILED", "LONG", "SLOW ALONE"), faults, strict=True):
            for line in found[:20]:
                print(f"bad_input: {name} {line}", flush=True)
        enough = all(self.past[group] >= ENOUGH_RATE * counts.total() for group, counts in self.answers.items())
        return enough and not any(faults) and not self.forged

    def totals(self) -> Iterator[str]:
        percentiles = quantiles(self.seconds, n=1000)
        yield (
            f"{len(self.seconds):,} requests of {len(self.kinds)} kinds to {len(self.addresses)} addresses in"
            f" {self.seconds_taken:.0f} s: {len(self.failed)} failures, {len(self.long)} refusals over"
            f" {LONGEST_REFUSAL:,} bytes, {self.forged} forged lines in the log"
        )
        slow = ", ".join(f"{seconds:.2f} s ({asked.address.name}, {asked.kind})" for asked, seconds in self.slow[:8])
        yield (
            f"p50 {percentiles[499] * 1000:.0f} ms, p99 {percentiles[989] * 1000:.0f} ms; {len(self.slow)} over"
            f" {SLOW_SECONDS:.0f} s beside others{f': {slow}' if slow else ''}; of these"
            f" {len(self.slow_alone)} each of {TIMES_ALONE} times alone"
        )
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.closed.most_common(12))
        yield f"{self.closed.total()} closed without an answer: {kinds}"

    def by_group(self) -> Iterator[str]:
        for group, counts in self.answers.items():
            number = sum(address.group == group for address in self.addresses)
            statuses = ", ".join(f"{status or 'closed'}: {count:,}" for status, count in sorted(counts.items()))
            rate = self.past[group] / counts.total()
            yield f"{group}, {number} addresses: {rate:.1%} got past the door ({statuses})"
        worst = ", ".join(f"{name} {count}" for name, count in self.stopped.most_common(6))
        yield f"stopped at the door most: {worst}"

    def of_the_clean(self) -> Iterator[str]:
        """The same requests without poison: they show that it was the poison that was refused."""
        for when, statuses in (("before", self.came_in), ("afterwards", self.came_in_at_the_end)):
            if not statuses:
                continue
            good = sum(0 < status < 400 for status in statuses.values())
            stopped = [name for name, status in statuses.items() if not status]
            yield (
                f"without poison {when}, {good} of {len(statuses)} are answered 2xx or 3xx,"
                f" {len(statuses) - good - len(stopped)} refused, {len(stopped)} stopped at the door:"
                f" {', '.join(stopped[:8])}"
            )
            self.failed += [f"{name} without poison" for name, status in statuses.items() if status >= 500]


def described(asked: Asked, answer: Answer) -> str:
    said = f"{asked.address.group}, {asked.address.name}, {asked.kind}"
    return f"{said}: {answer.status}, {answer.size:,} bytes, {answer.seconds:.2f} s"
