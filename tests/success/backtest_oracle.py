"""The figures of a backtest from docs/backtest.md, by comparing every score with every other, in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from math import gamma, pi, sqrt


@dataclass(frozen=True)
class Observation:
    client: int
    period_end: date
    overall: int
    band: str
    silent_days: int
    has_churned: bool


@dataclass(frozen=True)
class Past:
    """A client's weekly scores as (period end, overall, band), the days it was active, and when it left."""

    scores: Sequence[tuple[date, int | None, str]]
    active: Sequence[date]
    churned_on: date | None
    age_days: int = 400


def observations(pasts: Sequence[Past], *, horizon: int, as_of: date) -> list[Observation]:
    found = []
    for client, past in enumerate(pasts):
        for period_end, overall, band in past.scores:
            over = period_end + timedelta(horizon)
            left = past.churned_on
            if overall is None or not band or over > as_of or period_end.isoweekday() != 1:
                continue
            if left is not None and left < period_end:
                continue
            before = [day for day in past.active if day < period_end]
            silent = (period_end - max(before)).days if before else past.age_days
            found.append(Observation(client, period_end, overall, band, silent, left is not None and left < over))
    return found


def area(found: Sequence[Observation], risk: Callable[[Observation], float]) -> float:
    churned = [risk(each) for each in found if each.has_churned]
    retained = [risk(each) for each in found if not each.has_churned]
    won = sum((one > other) + (one == other) / 2 for one in churned for other in retained)
    return won / len(churned) / len(retained)


def places(found: Sequence[Observation], risk: Callable[[Observation], float]) -> list[float]:
    """Of each observation, the share of those of the other outcome that it is ranked rightly against."""
    others = {kind: [risk(each) for each in found if each.has_churned != kind] for kind in (True, False)}
    return [
        sum(((mine > o) if each.has_churned else (mine < o)) + (mine == o) / 2 for o in others[each.has_churned])
        / len(others[each.has_churned])
        for each in found
        for mine in [risk(each)]
    ]


def pulls(found: Sequence[Observation], risk: Callable[[Observation], float]) -> list[tuple[float, float]]:
    """Of each client, how its scores pull the area: those followed by churn, and the others."""
    theta = area(found, risk)
    by_client: dict[int, list[float]] = {}
    for each, place in zip(found, places(found, risk), strict=True):
        pull = by_client.setdefault(each.client, [0.0, 0.0])
        pull[not each.has_churned] += place - theta
    return [(x, y) for x, y in by_client.values()]


def obuchowski(found: Sequence[Observation], risk: Callable[[Observation], float]) -> float:
    """The variance of the area as in her paper of 1997, with a factor of its own for each outcome."""
    m = sum(each.has_churned for each in found)
    k = len(found) - m
    of_clients = pulls(found, risk)
    n = len(of_clients)
    with_churned = len({each.client for each in found if each.has_churned})
    with_retained = len({each.client for each in found if not each.has_churned})
    s10 = with_churned / ((with_churned - 1) * m) * sum(x * x for x, _ in of_clients)
    s01 = with_retained / ((with_retained - 1) * k) * sum(y * y for _, y in of_clients)
    s11 = n / (n - 1) * sum(x * y for x, y in of_clients)
    return s10 / m + s01 / k + 2 * s11 / (m * k)


def variance_of_sum(terms: Sequence[float]) -> float:
    """Of a sum over as many independent clients, whose terms add up to about nothing."""
    return len(terms) / (len(terms) - 1) * sum(term**2 for term in terms)


def share_terms(alarms: Sequence[Observation], hits: set[int]) -> list[float]:
    """Of each client with alarms, how it pulls the share of them that are hits (by id)."""
    share = sum(id(each) in hits for each in alarms) / len(alarms)
    clients = {each.client for each in alarms}
    return [
        sum((id(each) in hits) - share for each in alarms if each.client == client) / len(alarms) for client in clients
    ]


@cache
def student(degrees: int) -> float:
    """The 97.5 % quantile of Student's t, by adding up its density."""
    scale = gamma((degrees + 1) / 2) / gamma(degrees / 2) / sqrt(degrees * pi)
    step, chance, at = 2e-4, 0.5, 0.0
    while chance < 0.975:
        chance += step * scale * (1 + (at + step / 2) ** 2 / degrees) ** (-(degrees + 1) / 2)
        at += step
    return at


def wilson(share: float, *, variance: float, most: int, clusters: int) -> tuple[float, float]:
    """The shares whose own spread explains this one: where (share - p)**2 = z**2 * p * (1 - p) / n, by bisection."""
    z = 1.959964
    n = (min(share * (1 - share) / variance, most) if variance else clusters) * (z / student(clusters - 1)) ** 2

    def edge(inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2
            if n * (share - middle) ** 2 <= z**2 * middle * (1 - middle):
                inside = middle
            else:
                outside = middle
        return inside

    return edge(share, 0.0), edge(share, 1.0)


def lead_times(pasts: Sequence[Past], *, horizon: int, as_of: date) -> list[int | None]:
    """Of each client whose leaving is observed; None was not warned."""
    leads = []
    observed = {each.client for each in observations(pasts, horizon=horizon, as_of=as_of) if each.has_churned}
    for client in observed:
        past = pasts[client]
        assert past.churned_on is not None
        first = None
        for period_end, overall, band in sorted(past.scores):
            if period_end.isoweekday() == 1 and period_end <= past.churned_on and overall is not None and band:
                first = (first or period_end) if band == "at_risk" else None
        leads.append((past.churned_on - first).days if first else None)
    return leads
