"""The figures against plain Python, and the intervals against what they promise."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb
from random import Random

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.feedback.figures import (
    Answers,
    Interval,
    csat_mean,
    feedback_figures,
    nps_interval,
    nps_of,
    satisfied_interval,
    satisfied_rate,
)
from success.models import Feedback
from tests.factories import ClientFactory

AT = datetime(2026, 11, 17, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NPS, CSAT = Feedback.Kind.NPS, Feedback.Kind.CSAT


def store(client: Client, said: list[tuple[str, int, datetime]]) -> None:
    with organization_scope(client.organization_id):
        Feedback.objects.bulk_create(
            Feedback(organization_id=client.organization_id, client=client, kind=kind, rating=rating, given_at=at)
            for kind, rating, at in said
        )


def random_answers(dice: Random) -> list[tuple[str, int, datetime]]:
    """Many of them within a second of a window's begin."""

    def moment() -> datetime:
        return AT - dice.choice([0, 90, 180, 365]) * DAY + timedelta(seconds=dice.choice([-1, 0, 1, 86_400]))

    return [
        (NPS, dice.randint(0, 10), moment()) if dice.random() < 0.6 else (CSAT, dice.randint(1, 5), moment())
        for _ in range(300)
    ]


def test_figures_equal_those_of_plain_python(
    organization: Organization, outsider: Organization, django_assert_num_queries: object
) -> None:
    said = random_answers(Random(7))
    store(ClientFactory.create(organization=organization), said)
    store(ClientFactory.create(organization=outsider), random_answers(Random(8)))
    with organization_scope(organization.pk), django_assert_num_queries(1):  # type: ignore[operator]
        figures = feedback_figures(Feedback.objects.order_by("-id"), as_of=AT)
    for each, days in zip(figures, (90, 180, 365), strict=True):
        recent = [(kind, rating) for kind, rating, at in said if AT - days * DAY < at <= AT]
        nps = [rating for kind, rating in recent if kind == "nps"]
        csat = [rating for kind, rating in recent if kind == "csat"]
        assert (each.days, each.nps.n, each.csat.n) == (days, len(nps), len(csat))
        assert dict(each.nps.counts) == {rating: nps.count(rating) for rating in range(11)}
        promoters, detractors = sum(r >= 9 for r in nps), sum(r <= 6 for r in nps)
        assert nps_of(each.nps) == pytest.approx(float(Fraction(100 * (promoters - detractors), len(nps))))
        assert csat_mean(each.csat) == pytest.approx(sum(csat) / len(csat))
        assert satisfied_rate(each.csat) == pytest.approx(sum(r >= 4 for r in csat) / len(csat))


def test_without_answers_there_are_no_figures(scoped: Organization) -> None:
    figures = feedback_figures(Feedback.objects.all(), as_of=AT)
    assert [(each.nps.n, nps_of(each.nps), csat_mean(each.csat), satisfied_rate(each.csat)) for each in figures] == [
        (0, None, None, None)
    ] * 3


def nps(promoters: int, passives: int, detractors: int) -> Answers:
    return Answers(NPS, dict.fromkeys(range(11), 0) | {10: promoters, 7: passives, 0: detractors})


def csat(satisfied: int, others: int) -> Answers:
    return Answers(CSAT, dict.fromkeys(range(1, 6), 0) | {4: satisfied, 2: others})


@pytest.mark.parametrize(("count", "is_enough"), [(4, False), (5, True)])
def test_five_answers_are_enough(count: int, is_enough: bool) -> None:
    assert nps(0, count, 0).is_enough == is_enough


@pytest.mark.parametrize(
    ("answers", "low", "high"),
    [
        # By hand: 10 promoters, 5 passives, 5 detractors; p = 10.75/23, d = 5.75/23, net = 5/23 = 0.2174,
        # variance (16.5/23 − 0.0473)/23 = 0.02914, so 0.2174 ± 0.3346.
        (nps(10, 5, 5), -11.72, 55.20),
        (nps(5, 0, 0), 17.49, 100.0),
        (nps(0, 0, 5), -100.0, -17.49),
    ],
)
def test_the_nps_interval_is_the_adjusted_wald(answers: Answers, low: float, high: float) -> None:
    found = nps_interval(answers)
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.01)


def test_the_wilson_interval_is_the_known_one() -> None:
    # R: prop.test(8, 10, correct = FALSE)$conf.int
    found = satisfied_interval(csat(8, 2))
    assert [found.low, found.high] == pytest.approx([0.4901625, 0.9433178], abs=1e-6)
    assert satisfied_interval(csat(0, 7)).low == 0
    assert satisfied_interval(csat(7, 0)).high == 1
    assert satisfied_interval(csat(0, 0)) == Interval(0, 1)


def trinomial(n: int, p: float, d: float) -> Iterator[tuple[int, int, float]]:
    for promoters in range(n + 1):
        for detractors in range(n - promoters + 1):
            ways = comb(n, promoters) * comb(n - promoters, detractors)
            passives = n - promoters - detractors
            yield promoters, detractors, ways * p**promoters * d**detractors * (1 - p - d) ** passives


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize(("p", "d"), [(0.5, 0.2), (0.7, 0.1), (0.3, 0.3), (0.1, 0.6)])
def test_the_nps_interval_covers_the_truth_as_often_as_it_says(n: int, p: float, d: float) -> None:
    """Counted over every outcome that there can be."""
    covered = 0.0
    for promoters, detractors, probability in trinomial(n, p, d):
        interval = nps_interval(nps(promoters, n - promoters - detractors, detractors))
        covered += probability * (interval.low <= 100 * (p - d) <= interval.high)
    assert 0.91 <= covered <= 0.995
