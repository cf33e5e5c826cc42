import random
from collections.abc import Callable
from math import sqrt
from statistics import median, quantiles

import pytest

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.backtest.figures import HorizonFigures
from success.backtest.intervals import Interval
from success.backtest.judging import backtest
from success.backtest.rules import BANDS
from tests.success import backtest_oracle as oracle
from tests.success.backtest_oracle import Observation, Past
from tests.success.judged_clients import AS_OF, random_past, store_pasts

HORIZONS = (30, 60, 90)


def judged(organization: Organization) -> list[HorizonFigures]:
    with organization_scope(organization.pk):
        return list(backtest(organization.pk, as_of=AS_OF, horizons=HORIZONS).horizons)


@pytest.mark.parametrize("seed", range(3))
def test_figures_and_intervals_equal_those_of_plain_python(
    seed: int, organization: Organization, outsider: Organization
) -> None:
    dice = random.Random(seed)
    pasts = [random_past(dice) for _ in range(60)]
    store_pasts(organization, pasts)
    store_pasts(outsider, [random_past(dice) for _ in range(30)])
    for figures in judged(organization):
        found = oracle.observations(pasts, horizon=figures.days, as_of=AS_OF)
        assert_figures_are_those_of(found, figures, pasts)
        assert_intervals_are_those_of(found, figures)


def assert_figures_are_those_of(found: list[Observation], figures: HorizonFigures, pasts: list[Past]) -> None:
    churned = [each for each in found if each.has_churned]
    of_churned = {each.client for each in churned}
    of_all = {each.client for each in found}
    assert (figures.size.observations, figures.size.churned) == (len(found), len(churned))
    assert (figures.size.clients, figures.size.churned_clients) == (len(of_all), len(of_churned))
    assert figures.size.retained_clients == len(of_all - of_churned)
    rules = {band: {id(each) for each in found if each.band == band} for band in BANDS}
    rules["attention_or_worse"] = rules["at_risk"] | rules["attention"]
    rules["recency"] = {id(each) for each in found if figures.cut is not None and each.silent_days >= figures.cut}
    hits = {id(each) for each in churned}
    for key, alarms in rules.items():
        precision, recall = figures.rules[key].precision, figures.rules[key].recall
        assert (precision.hits, precision.of) == (len(alarms & hits), len(alarms))
        assert (recall.hits, recall.of) == (len(alarms & hits), len(hits))
    wanted = len(rules["at_risk"])
    possible = {each.silent_days for each in found}
    nearest = min(abs(sum(e.silent_days >= cut for e in found) - wanted) for cut in possible)
    assert abs(len(rules["recency"]) - wanted) == nearest
    assert figures.areas["score"].area == pytest.approx(oracle.area(found, lambda each: -each.overall))
    assert figures.areas["recency"].area == pytest.approx(oracle.area(found, lambda each: each.silent_days))
    leads = oracle.lead_times(pasts, horizon=figures.days, as_of=AS_OF)
    days = sorted(lead for lead in leads if lead is not None)
    assert [day for day, count in figures.lead_times.days for _ in range(count)] == days
    assert figures.lead_times.unwarned == leads.count(None)
    low, _, high = quantiles(days, n=4, method="inclusive")
    assert figures.lead_times.median == median(days)
    quartiles = figures.lead_times.quartiles
    assert quartiles is not None
    assert (quartiles.low, quartiles.high) == (low, high)


def near(interval: Interval | None) -> object:
    assert interval is not None
    return pytest.approx((interval.low, interval.high), abs=2e-4)


def assert_intervals_are_those_of(found: list[Observation], figures: HorizonFigures) -> None:
    risks: dict[str, Callable[[Observation], float]] = {
        "score": lambda each: -each.overall,
        "recency": lambda each: each.silent_days,
    }
    churned = [each for each in found if each.has_churned]
    at_risk = [each for each in found if each.band == "at_risk"]
    told = figures.rules["at_risk"]
    for share, of, hits in ((told.precision, at_risk, churned), (told.recall, churned, at_risk)):
        terms = oracle.share_terms(of, {id(each) for each in hits})
        expected = oracle.wilson(
            sum(each in hits for each in of) / len(of),
            variance=oracle.variance_of_sum(terms), most=len(of), clusters=len(terms),
        )  # fmt: skip
        assert expected == near(share.interval)
    fewer = min(figures.size.churned_clients, figures.size.retained_clients)
    m, k = len(churned), len(found) - len(churned)
    of_clients = {}
    for key, risk in risks.items():
        of_clients[key] = [x / m + y / k for x, y in oracle.pulls(found, risk)]
        variance = oracle.variance_of_sum(of_clients[key])
        theta = oracle.area(found, risk)
        assert oracle.wilson(theta, variance=variance, most=len(found), clusters=fewer) == near(
            figures.areas[key].interval
        )
        assert variance == pytest.approx(oracle.obuchowski(found, risk), rel=0.05)
    apart = [score - recency for score, recency in zip(of_clients["score"], of_clients["recency"], strict=True)]
    gap = oracle.area(found, risks["score"]) - oracle.area(found, risks["recency"])
    reach = oracle.student(fewer - 1) * sqrt(oracle.variance_of_sum(apart))
    assert figures.difference is not None
    assert (gap - reach, gap + reach) == near(figures.difference.interval)
