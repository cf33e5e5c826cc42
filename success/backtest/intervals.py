"""95 % intervals of figures whose observations come in clusters: the weekly scores of one client are no strangers.

Wilson (1927), "Probable inference, the law of succession, and statistical inference", with the effective sample size of
Korn & Graubard (1998), "Confidence intervals for proportions with small expected number of positive counts estimated
from survey data". Dean & Pagano (2015), "Evaluating confidence interval methods for binomial proportions in clustered
surveys", compare both with others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Of a share Σhits / Σof over clusters: the sums that its linearized variance needs."""

    hits: int
    of: int
    hits_squared: int
    of_squared: int
    hits_of: int
    clusters: int

    @property
    def share(self) -> float:
        return self.hits / self.of

    @property
    def variance(self) -> float:
        """Of the ratio of two sums over clusters, by linearization: Cochran (1977), "Sampling Techniques", 6.4."""
        share = self.share
        squares = self.hits_squared - 2 * share * self.hits_of + share**2 * self.of_squared
        return self.clusters / (self.clusters - 1) * max(squares, 0.0) / self.of**2


def share_interval(share: float, *, variance: float, observations: float, clusters: int) -> Interval:
    """Wilson's interval for as many independent observations as would vary this much.

    They are taken to be as many as there are clusters where nothing varies, such as a share of 0 or 1, and fewer by
    Student's distribution where the clusters are few.
    """
    spread = share * (1 - share)
    effective = min(spread / variance, observations) if variance > 0 and spread > 0 else float(clusters)
    effective *= (Z / student(clusters - 1)) ** 2
    denominator = 1 + Z**2 / effective
    middle = (share + Z**2 / (2 * effective)) / denominator
    reach = Z * sqrt(spread / effective + Z**2 / (4 * effective**2)) / denominator
    return Interval(max(middle - reach, 0.0), min(middle + reach, 1.0))


def difference_interval(difference: float, *, variance: float, clusters: int) -> Interval:
    reach = student(clusters - 1) * sqrt(variance)
    return Interval(max(difference - reach, -1.0), min(difference + reach, 1.0))


def student(degrees: int) -> float:
    """The 97.5 % quantile of Student's t: Abramowitz & Stegun 26.7.5, to three digits from 4 degrees on."""
    z = Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(degrees) ** power for power, term in enumerate(terms, start=1))


def median_ranks(count: int) -> tuple[int, int] | None:
    """The ranks, from 1, of two ordered values that hold the median between them; None where too few are there.

    Distribution-free: Conover (1999), "Practical Nonparametric Statistics", 3.2. The chance that fewer than `low`
    of `count` lie under the median is at most 2.5 %.
    """
    chance, low = 0.0, 0
    if count > EXACT_UP_TO:
        low = int(count / 2 - Z * sqrt(count) / 2)
        return low, count + 1 - low
    while (chance := chance + comb(count, low) / 2**count) <= 0.025:
        low += 1
    return (low, count + 1 - low) if low else None


EXACT_UP_TO = 200


def quantile(counts: Sequence[tuple[int, int]], share: float) -> float:
    """Of ordered (value, how many) pairs, between neighbours where it falls between (Hyndman & Fan 1996, type 7)."""
    place = share * (sum(count for _, count in counts) - 1)
    low, high = value_at(counts, int(place) + 1), value_at(counts, -int(-place // 1) + 1)
    return low + (high - low) * (place - int(place))


def value_at(counts: Sequence[tuple[int, int]], rank: int) -> int:
    """The value of that rank, from 1, among ordered (value, how many) pairs."""
    for value, count in counts:
        rank -= count
        if rank <= 0:
            return value
    return counts[-1][0]
