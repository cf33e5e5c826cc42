"""What a backtest says: figures with their intervals, or that there is not enough to say one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from success.backtest.intervals import ClusterSums, Interval, difference_interval, share_interval
from success.backtest.lead_time import LeadTimes

# Under so many clients of either outcome an interval is wider than what it could tell, and not to be relied on.
FEWEST_CLIENTS = 10


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of` observations, of `clients` clients; the share is None where that is not enough data."""

    hits: int
    of: int
    clients: int
    share: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Area:
    """The chance that of two scores, one followed by churn and one not, the former ranks as riskier; ties half."""

    area: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Difference:
    difference: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """`precision`: how many of its alarms were followed by churn. `recall`: how many churns it had raised one for."""

    precision: Share
    recall: Share


@dataclass(frozen=True, slots=True)
class Size:
    """Observations are weekly scores, of so many clients; `churned` of them were followed by churn in time."""

    observations: int = 0
    churned: int = 0
    clients: int = 0
    churned_clients: int = 0
    retained_clients: int = 0

    @property
    def is_enough(self) -> bool:
        return min(self.churned_clients, self.retained_clients) >= FEWEST_CLIENTS


@dataclass(frozen=True, slots=True)
class HorizonFigures:
    """`cut` is from how many silent days on the recency rule raises as many alarms as the at-risk band.

    `curves` are (churned, retained) observations from the riskiest value to the safest, for each ranking.
    """

    days: int
    size: Size
    without_number: int
    without_band: int
    rules: Mapping[str, RuleFigures]
    areas: Mapping[str, Area]
    difference: Difference | None
    lead_times: LeadTimes
    cut: int | None
    curves: Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Backtest:
    """Of the scores of one organization, or of all; only what had happened before `as_of` counts."""

    as_of: date
    horizons: Sequence[HorizonFigures]


def share_of(sums: ClusterSums, *, size: Size) -> Share:
    if not size.is_enough or sums.clusters < FEWEST_CLIENTS:
        return Share(sums.hits, sums.of, sums.clusters, None, None)
    interval = share_interval(sums.share, variance=sums.variance, observations=sums.of, clusters=sums.clusters)
    return Share(sums.hits, sums.of, sums.clusters, sums.share, interval)


def area_of(area: float, squares: float, *, size: Size) -> Area:
    """`squares` are those of each client's pull on the area: Obuchowski (1997), "Nonparametric analysis of clustered
    ROC curve data", with one factor n/(n−1) over all clients instead of one for each outcome.
    """
    fewer = min(size.churned_clients, size.retained_clients)
    variance = squares * size.clients / (size.clients - 1)
    return Area(area, share_interval(area, variance=variance, observations=size.observations, clusters=fewer))


def difference_of(score: float, recency: float, squares: float, *, size: Size) -> Difference:
    """Of two areas over the same observations, as DeLong et al. (1988), by the pulls of each client on both."""
    fewer = min(size.churned_clients, size.retained_clients)
    variance = squares * size.clients / (size.clients - 1)
    return Difference(score - recency, difference_interval(score - recency, variance=variance, clusters=fewer))
