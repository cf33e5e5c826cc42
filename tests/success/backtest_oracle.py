"""The figures of a backtest from docs/backtest.md, by comparing every score with every other, in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby


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


def obuchowski(found: Sequence[Observation], risk: Callable[[Observation], float]) -> float:
    """The variance of the area as in her paper of 1997, with a factor of its own for each outcome."""
    theta = area(found, risk)
    churned = [each for each in found if each.has_churned]
    retained = [each for each in found if not each.has_churned]

    def place(each: Observation) -> float:
        others = retained if each.has_churned else churned
        right = sum(
            ((risk(each) > risk(o)) if each.has_churned else (risk(each) < risk(o))) + (risk(each) == risk(o)) / 2
            for o in others
        )
        return right / len(others)

    by_client = [list(group) for _, group in groupby(found, lambda each: each.client)]
    n = len(by_client)
    pulls = [
        (
            sum(place(o) - theta for o in of if o.has_churned),
            sum(place(o) - theta for o in of if not o.has_churned),
        )
        for of in by_client
    ]
    with_churned = sum(any(o.has_churned for o in of) for of in by_client)
    with_retained = sum(any(not o.has_churned for o in of) for of in by_client)
    m, k = len(churned), len(retained)
    s10 = with_churned / ((with_churned - 1) * m) * sum(x * x for x, _ in pulls)
    s01 = with_retained / ((with_retained - 1) * k) * sum(y * y for _, y in pulls)
    s11 = n / (n - 1) * sum(x * y for x, y in pulls)
    return s10 / m + s01 / k + 2 * s11 / (m * k)


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
