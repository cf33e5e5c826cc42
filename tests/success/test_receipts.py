import random
from dataclasses import astuple
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.differences import difference
from success.models import Component, Score
from success.policies import create_policy
from success.receipts import Part, Window, receipt_of
from success.scoring import score_clients
from tests.success.histories import random_history, store
from tests.success.oracle import History
from tests.success.test_scoring import BUSY, LONG_AGO, days_before

NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)
PERIOD_ENDS = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]


def scored(organization: Organization, *histories: History) -> list[Score]:
    store(organization, histories)
    with organization_scope(organization.pk):
        for period_end in PERIOD_ENDS:
            score_clients(organization.pk, period_end=period_end, computed_at=NOW)
        return list(Score.objects.select_related("policy").order_by("client_id", "-period_end"))


def half_up(value: Fraction, digits: int) -> Fraction:
    return Fraction((value * 10**digits + Fraction(1, 2)).__floor__(), 10**digits)


def test_a_receipt_says_what_earned_which_points(organization: Organization) -> None:
    with organization_scope(organization.pk):
        receipt = receipt_of(scored(organization, BUSY)[0])
    engagement, activation, progress, satisfaction, momentum = receipt.components
    assert engagement.parts == (
        Part("active_days", 14, 20, Fraction(28), 40),
        Part("events", 28, 100, Fraction(42, 5), 30),
        Part("high_value", 28, 20, Fraction(30), 30),
    )
    assert activation.parts == (
        Part("tasks", 1, 2, Fraction(40), 80),
        Part("launch_kit", 1, None, Fraction(20), 20),
    )
    assert progress.parts == (Part("content", 28, 8, Fraction(50), 50), Part("visuals", 0, 8, Fraction(0), 50))
    assert satisfaction.parts == (Part("answers", 2, None, Fraction(115, 2), 100),)
    assert momentum.parts == (
        Part("level", 14, None, Fraction(50), 50),
        Part("movement", 14, None, Fraction(0), 50),
    )
    assert engagement.contribution == Fraction("66.40") / 4
    assert receipt.mean == Fraction("57.225")
    assert receipt.windows == {
        "month": Window(date(2026, 10, 17), date(2026, 11, 15)),
        "week": Window(date(2026, 11, 9), date(2026, 11, 15)),
        "week_before": Window(date(2026, 11, 2), date(2026, 11, 8)),
        "feedback": Window(date(2026, 5, 20), date(2026, 11, 15)),
    }


def test_without_onboarding_tasks_the_launch_kit_is_all_of_activation(organization: Organization) -> None:
    kit = History(created_at=LONG_AGO, events=[(days_before(1), "page_view", True)])
    with organization_scope(organization.pk):
        activation = receipt_of(scored(organization, kit)[0]).components[1]
    assert [astuple(part) for part in activation.parts] == [
        ("launch_kit", 1, None, 100, 100),
    ]


def test_a_receipt_says_why_something_was_not_measured(organization: Organization) -> None:
    new = History(created_at=days_before(6))
    quiet = History(created_at=LONG_AGO, events=[(days_before(2), "login", False)])
    with organization_scope(organization.pk):
        scores = [score for score in scored(organization, new, quiet) if score.period_end == PERIOD_ENDS[-1]]
        reasons = [{line.component: line.reason for line in receipt_of(score).components} for score in scores]
    silent = "The client is younger than 7 days and has done nothing yet."
    always = {
        Component.ACTIVATION: "There are no onboarding tasks, and the launch kit was never viewed.",
        Component.SATISFACTION: "There was no feedback in the last 180 days.",
    }
    assert reasons == [
        always
        | {
            Component.ENGAGEMENT: silent,
            Component.PROGRESS: silent,
            Component.MOMENTUM: "The client is younger than 14 days.",
        },
        always
        | {
            Component.ENGAGEMENT: "",
            Component.PROGRESS: "",
            Component.MOMENTUM: "Fewer than 5 events in two weeks are too few to tell a direction.",
        },
    ]


def test_receipts_and_differences_add_up_for_all_kinds_of_clients(organization: Organization) -> None:
    dice = random.Random(5)
    with organization_scope(organization.pk):
        create_policy(
            organization,
            effective_on=PERIOD_ENDS[-1],
            created_by=None,
            active_days_target=7,
            events_target=37,
            content_target=3,
            new_client_days=20,
            momentum_client_days=3,
            momentum_events=2,
            engagement_weight=45,
            activation_weight=0,
        )
        scores = scored(organization, *(random_history(dice, around=PERIOD_ENDS) for _ in range(60)))
        receipts = [receipt_of(score) for score in scores]
        pairs = [(before, after) for after, before in pairwise(scores) if after.client_id == before.client_id]
        differences = [(pair, difference(*pair)) for pair in pairs]
    for receipt in receipts:
        for line in receipt.components:
            if line.value is not None:
                assert Fraction(line.value) == half_up(sum((p.points for p in line.parts), Fraction(0)), 2)
                assert line.value == getattr(receipt.score, line.component)
        if receipt.mean is not None:
            assert half_up(receipt.mean, 0) == receipt.score.overall
            assert sum(line.contribution or 0 for line in receipt.components) == receipt.mean
    for (before, after), found in differences:
        if before.overall is None or after.overall is None:
            assert found is None
            continue
        assert found is not None
        assert found.change == after.overall - before.overall
        assert sum(item.points for item in found.items) == found.change
        assert sum(item.shown for item in found.items) == found.change
    assert len(differences) > 60


def test_a_receipt_takes_one_query(organization: Organization, django_assert_num_queries: object) -> None:
    score = scored(organization, BUSY)[0]
    with organization_scope(organization.pk), django_assert_num_queries(1):  # type: ignore[operator]
        receipt_of(score)
