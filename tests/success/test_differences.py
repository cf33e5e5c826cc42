from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.differences import Kind, _behaviour, difference
from success.evaluation import Outcome
from success.models import Component, Score
from success.policies import create_policy
from success.scoring import score_clients
from tests.success.histories import store
from tests.success.oracle import History

NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)
BEFORE, AFTER = date(2026, 11, 9), date(2026, 11, 16)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def on(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def itemised(organization: Organization, history: History) -> Any:
    store(organization, [history])
    with organization_scope(organization.pk):
        for period_end in (BEFORE, AFTER):
            score_clients(organization.pk, period_end=period_end, computed_at=NOW)
        before, after = Score.objects.select_related("policy").order_by("period_end")
        return difference(before, after)


def lines(found: Any) -> list[tuple[str, str | None, Decimal]]:
    return [(item.kind, item.component, item.shown) for item in found.items]


def test_behaviour_is_itemised_by_component(organization: Organization) -> None:
    history = History(
        created_at=LONG_AGO,
        onboarding=[(LONG_AGO, on(AFTER - timedelta(days=1))), (LONG_AGO, None)],
        events=[(on(AFTER - timedelta(days=day)), "content_generated", False) for day in (1, 2, 8)],
    )
    found = itemised(organization, history)
    # Engagement 3.80 → 11.40, activation 0 → 40, progress 6.25 → 18.75, of 70 measured.
    assert (found.before.overall, found.after.overall, found.change) == (4, 22, 18)
    assert lines(found) == [
        (Kind.BEHAVIOUR, Component.ENGAGEMENT, Decimal("2.71")),
        (Kind.BEHAVIOUR, Component.ACTIVATION, Decimal("11.43")),
        (Kind.BEHAVIOUR, Component.PROGRESS, Decimal("4.46")),
        (Kind.ROUNDING, None, Decimal("-0.60")),
    ]


def test_what_begins_and_ceases_to_be_measured_is_told_apart(organization: Organization) -> None:
    history = History(
        created_at=LONG_AGO,
        feedback=[(on(AFTER - timedelta(days=3)), "nps", 10)],
        events=[(on(BEFORE - timedelta(days=1)), "login", False)] * 2
        + [(on(BEFORE - timedelta(days=9)), "login", False)] * 4,
    )
    found = itemised(organization, history)
    # Of a weight of 80: satisfaction's 100 joins a mean of 8; momentum's 25 leaves one of 25.31.
    assert lines(found) == [
        (Kind.NEWLY_MEASURED, Component.SATISFACTION, Decimal("17.25")),
        (Kind.NO_LONGER_MEASURED, Component.MOMENTUM, Decimal("0.06")),
        (Kind.ROUNDING, None, Decimal("-0.31")),
    ]


def test_a_new_policy_is_told_apart_from_behaviour(organization: Organization) -> None:
    days = [BEFORE - timedelta(days=day) for day in (1, 2, 3, 4, 5, 8, 9, 10)]
    history = History(created_at=LONG_AGO, events=[(on(day), "content_generated", False) for day in days])
    with organization_scope(organization.pk):
        create_policy(organization, effective_on=AFTER, created_by=None, content_target=16, momentum_events=1)
    found = itemised(organization, history)
    policy = next(item for item in found.items if item.kind == Kind.POLICY)
    assert policy.component is None
    # Progress under the new target: 25 in place of 50, at a weight of 25 in 65.
    assert policy.points == Fraction(-25 * 25, 65)
    assert sum(item.shown for item in found.items) == found.change


def test_nothing_changed_has_no_items(organization: Organization) -> None:
    found = itemised(organization, History(created_at=LONG_AGO))
    assert (found.change, found.items) == (0, ())


def test_without_a_number_there_is_no_difference(organization: Organization) -> None:
    assert itemised(organization, History(created_at=on(BEFORE - timedelta(days=2)))) is None


def outcome(values: list[Decimal | None], weights: list[int]) -> Outcome:
    return Outcome(dict(zip(Component, values, strict=True)), {}, dict(zip(Component, weights, strict=True)))


VALUES = st.lists(st.one_of(st.none(), st.integers(0, 10_000).map(lambda n: Decimal(n) / 100)), min_size=5, max_size=5)


@given(VALUES, VALUES, st.lists(st.integers(0, 40), min_size=5, max_size=5))
@settings(max_examples=200, deadline=None)
def test_items_add_up_exactly_whatever_is_measured(
    old: list[Decimal | None], new: list[Decimal | None], weights: list[int]
) -> None:
    start, end = outcome(old, weights), outcome(new, weights)
    if start.mean is None or end.mean is None:
        return
    assert sum(item.points for item in _behaviour(start, end)) == end.mean - start.mean
