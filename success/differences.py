"""What made one score another: items that add up exactly to the change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from success.evaluation import Outcome, Outcomes, evaluate, two_decimals, weighted_mean
from success.models import Component, Score


class Kind(TextChoices):
    """`policy` is what the new policy makes of the old inputs; `both` when it cannot be told from behaviour."""

    POLICY = "policy", _("A new scoring policy")
    BEHAVIOUR = "behaviour", _("What was done")
    NEWLY_MEASURED = "newly_measured", _("Newly measured")
    NO_LONGER_MEASURED = "no_longer_measured", _("No longer measured")
    BOTH = "both", _("A new scoring policy and what was done, which cannot be told apart")
    ROUNDING = "rounding", _("Rounding")


@dataclass(frozen=True)
class Item:
    """`points` are exact; `shown` has two decimals, and the shown ones add up to the change too.

    `before` and `after` are the component's values, of a policy item the versions' overall scores.
    """

    kind: Kind
    component: Component | None
    points: Fraction
    before: Fraction | None = None
    after: Fraction | None = None
    shown: Decimal = Decimal(0)

    @property
    def kind_label(self) -> str:
        return str(self.kind.label)


@dataclass(frozen=True)
class ScoreDifference:
    before: Score
    after: Score
    change: int
    items: tuple[Item, ...]


def difference(before: Score, after: Score, *, outcomes: Outcomes | None = None) -> ScoreDifference | None:
    """Itemise the change from one score of a client to another; None when one of them has no number.

    One query; none with the outcomes of both under the policies of both at hand.
    """
    if before.overall is None or after.overall is None:
        return None
    outcomes = outcomes or evaluate([before, after], policies=[before.policy, after.policy])
    start, end = outcomes[before.pk, before.policy_id], outcomes[after.pk, after.policy_id]
    steps = _steps(
        start,
        outcomes[before.pk, after.policy_id],
        outcomes[after.pk, before.policy_id],
        end,
        same_policy=before.policy_id == after.policy_id,
    )
    change = after.overall - before.overall
    items = [item for item in steps if item.points]
    return ScoreDifference(before, after, change, tuple(_shown([*items, *_rounding(change, items)], change)))


def _steps(
    start: Outcome, new_policy: Outcome, new_behaviour: Outcome, end: Outcome, *, same_policy: bool
) -> Iterator[Item]:
    """The policy first and then the behaviour under it; the other way round when the first leaves nothing measured."""
    if same_policy:
        yield from _behaviour(start, end)
    elif new_policy.mean is not None:
        yield _whole(Kind.POLICY, start, new_policy)
        yield from _behaviour(new_policy, end)
    elif new_behaviour.mean is not None:
        yield from _behaviour(start, new_behaviour)
        yield _whole(Kind.POLICY, new_behaviour, end)
    else:
        yield _whole(Kind.BOTH, start, end)


def _whole(kind: Kind, start: Outcome, end: Outcome) -> Item:
    before, after = start.mean or Fraction(0), end.mean or Fraction(0)
    return Item(kind, None, after - before, before, after)


def _behaviour(start: Outcome, end: Outcome) -> Iterator[Item]:
    """From one to the other under one policy: what came in joins first, what went leaves last.

    So there is always something measured, and the effect of each is its share of the mean that it changes,
    whatever the order.
    """
    old, new = set(start.measured), set(end.measured)
    union = [component for component in Component if component in old | new]
    share = {c: Fraction(end.weights[c], sum(end.weights[u] for u in union) or 1) for c in union}
    for component in union:
        before, after = _value(start, component), _value(end, component)
        if before is not None and after is not None:
            yield Item(Kind.BEHAVIOUR, component, share[component] * (after - before), before, after)
        elif after is not None:
            points = share[component] * (after - (weighted_mean(start, start.measured) or 0))
            yield Item(Kind.NEWLY_MEASURED, component, points, None, after)
        elif before is not None:
            points = share[component] * ((weighted_mean(end, end.measured) or 0) - before)
            yield Item(Kind.NO_LONGER_MEASURED, component, points, before, None)


def _value(outcome: Outcome, component: Component) -> Fraction | None:
    value = outcome.components[component]
    return None if value is None else Fraction(value)


def _rounding(change: int, items: list[Item]) -> Iterator[Item]:
    left = change - sum((item.points for item in items), Fraction(0))
    if left:
        yield Item(Kind.ROUNDING, None, left)


def _shown(items: list[Item], change: int) -> Iterator[Item]:
    """With two decimals; what that loses is shown with the rounding."""
    exact = [replace(item, shown=two_decimals(item.points)) for item in items if item.kind != Kind.ROUNDING]
    yield from exact
    left = change - sum((item.shown for item in exact), Decimal(0))
    rounding = [item for item in items if item.kind == Kind.ROUNDING]
    if rounding or left:
        yield replace(rounding[0] if rounding else Item(Kind.ROUNDING, None, Fraction(0)), shown=left)
