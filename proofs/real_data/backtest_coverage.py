"""Do the 95 % intervals of the backtest hold the truth? 500 populations are simulated, whose truth is known.

Each client has a mood of its own that its weekly scores scatter around, so that they are related as real ones are, and
leaves or stays as its mood makes likely; the scores of its last weeks follow. The truth is that of one population
large enough to be taken for all. The sums are made here by plain Python, the intervals by the product.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import exp
from random import Random

from success.backtest.figures import Size, area_of
from success.backtest.intervals import ClusterSums, Interval, share_interval

POPULATIONS = 500
CLIENTS = 120
ALL = 60_000
WEEKS, LAST_WEEKS = 14, 4
AT_RISK_UNDER = 40
# Of each client its weekly scores and whether churn followed.
Client = list[tuple[int, bool]]
FIGURES = ("precision", "recall", "area")


def prove() -> bool:
    """Print how often each interval held the truth; True where all did in 92 to 98 of 100 populations."""
    truth = figures(population(Random(0), ALL))
    held = dict.fromkeys(FIGURES, 0)
    for seed in range(1, POPULATIONS + 1):
        found = intervals(population(Random(seed), CLIENTS))
        for name in FIGURES:
            held[name] += found[name].low <= truth[name] <= found[name].high
    shares = {name: count / POPULATIONS for name, count in held.items()}
    said = ", ".join(f"{name} {truth[name]:.3f} in {share:.1%}" for name, share in shares.items())
    print(f"backtest_coverage: of {POPULATIONS} populations of {CLIENTS} clients the intervals held {said}.")
    return all(0.92 <= share <= 0.98 for share in shares.values())


def population(dice: Random, clients: int) -> list[Client]:
    return [client(dice) for _ in range(clients)]


def client(dice: Random) -> Client:
    mood = dice.gauss(52, 16)
    leaves = dice.random() < 1 / (1 + exp((mood - 35) / 9))
    weeks = dice.randint(LAST_WEEKS, WEEKS)
    return [
        (round(min(max(dice.gauss(mood - (9 if follows else 0), 9), 0), 100)), follows)
        for week in range(weeks)
        for follows in [leaves and week >= weeks - LAST_WEEKS]
    ]


def figures(clients: Sequence[Client]) -> dict[str, float]:
    alarms, churns = alarm_sums(clients), churn_sums(clients)
    return {"precision": alarms.share, "recall": churns.share, "area": area_and_squares(clients)[0]}


def intervals(clients: Sequence[Client]) -> dict[str, Interval]:
    def of(sums: ClusterSums) -> Interval:
        return share_interval(sums.share, variance=sums.variance, observations=sums.of, clusters=sums.clusters)

    left = sum(any(follows for _, follows in scores) for scores in clients)
    size = Size(sum(map(len, clients)), 0, len(clients), left, len(clients) - left)
    area = area_of(*area_and_squares(clients), size=size)
    return {"precision": of(alarm_sums(clients)), "recall": of(churn_sums(clients)), "area": area.interval}


def alarm_sums(clients: Sequence[Client]) -> ClusterSums:
    return sums_of([(_hits(scores), sum(overall < AT_RISK_UNDER for overall, _ in scores)) for scores in clients])


def churn_sums(clients: Sequence[Client]) -> ClusterSums:
    return sums_of([(_hits(scores), sum(follows for _, follows in scores)) for scores in clients])


def _hits(scores: Client) -> int:
    return sum(follows and overall < AT_RISK_UNDER for overall, follows in scores)


def sums_of(pairs: Sequence[tuple[int, int]]) -> ClusterSums:
    return ClusterSums(
        hits=sum(hits for hits, _ in pairs),
        of=sum(of for _, of in pairs),
        hits_squared=sum(hits * hits for hits, _ in pairs),
        of_squared=sum(of * of for _, of in pairs),
        hits_of=sum(hits * of for hits, of in pairs),
        clusters=sum(of > 0 for _, of in pairs),
    )


def area_and_squares(clients: Sequence[Client]) -> tuple[float, float]:
    """The area and the sum of the squared pulls of the clients on it."""
    churned = sorted(overall for scores in clients for overall, follows in scores if follows)
    retained = sorted(overall for scores in clients for overall, follows in scores if not follows)

    def place(overall: int, follows: bool) -> float:
        if follows:
            return 1 - (bisect_left(retained, overall) + bisect_right(retained, overall)) / 2 / len(retained)
        return (bisect_left(churned, overall) + bisect_right(churned, overall)) / 2 / len(churned)

    area = sum(place(overall, True) for overall in churned) / len(churned)
    pulls = [
        sum((place(*score) - area) / (len(churned) if score[1] else len(retained)) for score in scores)
        for scores in clients
    ]
    return area, sum(pull * pull for pull in pulls)
