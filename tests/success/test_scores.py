from datetime import date, timedelta

import pytest

from accounts.models import Client, Organization
from success.models import Score
from success.scores import Trend, history, newest_standing
from tests.factories import ClientFactory
from tests.success.scored_clients import add_score

MONDAY = date(2026, 11, 16)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("before", "now", "change", "trend"),
    [
        (50, 55, 5, Trend.RISING),
        (50, 54, 4, Trend.STABLE),
        (50, 50, 0, Trend.STABLE),
        (50, 46, -4, Trend.STABLE),
        (50, 45, -5, Trend.DECLINING),
        (None, 45, None, None),
        (50, None, None, None),
    ],
)
def test_the_trend_is_against_the_week_before(
    scoped: Organization, client_of_acme: Client, before: int, now: int, change: int | None, trend: Trend | None
) -> None:
    add_score(client_of_acme, period_end=MONDAY - WEEK, overall=before)
    add_score(client_of_acme, period_end=MONDAY, overall=now)
    found = newest_standing(client_of_acme)
    assert found
    assert (found.change, found.trend, found.compared_to) == (change, trend, MONDAY - WEEK)


def test_the_trend_is_against_the_newest_score_at_least_seven_days_older(
    scoped: Organization, client_of_acme: Client
) -> None:
    for days, overall in ((0, 60), (1, 10), (6, 20), (8, 57), (15, 30)):
        add_score(client_of_acme, period_end=MONDAY - timedelta(days=days), overall=overall)
    other = ClientFactory.create(organization=scoped)
    add_score(other, period_end=MONDAY - WEEK, overall=90)
    found = newest_standing(client_of_acme)
    assert found
    assert (found.change, found.trend, found.compared_to) == (3, Trend.STABLE, MONDAY - timedelta(days=8))


def test_a_first_score_has_no_trend(scoped: Organization, client_of_acme: Client) -> None:
    add_score(client_of_acme, period_end=MONDAY)
    found = newest_standing(client_of_acme)
    assert found
    assert (found.change, found.trend, found.compared_to) == (None, None, None)


def test_without_scores_there_is_no_standing(scoped: Organization, client_of_acme: Client) -> None:
    assert newest_standing(client_of_acme) is None


def test_a_week_computed_again_moves_the_trends_after_it(scoped: Organization, client_of_acme: Client) -> None:
    for weeks in range(4):
        add_score(client_of_acme, period_end=MONDAY - weeks * WEEK, overall=50)
    Score.objects.filter(period_end=MONDAY - WEEK).update(overall=40)
    assert [(s.score.period_end, s.change) for s in history(client_of_acme, limit=3)] == [
        (MONDAY - 2 * WEEK, 0),
        (MONDAY - WEEK, -10),
        (MONDAY, 10),
    ]
