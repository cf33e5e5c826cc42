"""A score explained: what was counted, in which days, out of how much, and the sum that anybody can check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from success.evaluation import Outcome, Outcomes, evaluate, two_decimals
from success.models import Component, Score, ScoringPolicy
from success.reasons import why_not_measured
from success.scoring import FEEDBACK_DAYS, MONTH_DAYS, WEEK_DAYS

LABELS: Mapping[str, Any] = {
    "active_days": _("Active days"),
    "events": _("Events"),
    "high_value": _("High-value events"),
    "tasks": _("Onboarding tasks done"),
    "launch_kit": _("Launch kit viewed"),
    "content": _("Contents generated"),
    "visuals": _("Visuals created"),
    "answers": _("Answers"),
    "level": _("Events in the week before"),
    "movement": _("Events in the week"),
}

# What each part counts, what earns all of its points (a column of the policy or of the score), and how many they are.
COUNTED: Mapping[tuple[Component, str], tuple[str, str, int]] = {
    (Component.ENGAGEMENT, "active_days"): ("active_days_30", "active_days_target", 40),
    (Component.ENGAGEMENT, "events"): ("events_30", "events_target", 30),
    (Component.ENGAGEMENT, "high_value"): ("high_value_30", "high_value_target", 30),
    (Component.ACTIVATION, "tasks"): ("onboarding_done", "onboarding_tasks", 80),
    (Component.ACTIVATION, "launch_kit"): ("launch_kit_viewed", "", 20),
    (Component.PROGRESS, "content"): ("content_30", "content_target", 50),
    (Component.PROGRESS, "visuals"): ("visual_30", "visual_target", 50),
    (Component.SATISFACTION, "answers"): ("feedback_180", "", 100),
    (Component.MOMENTUM, "level"): ("events_week_before", "", 50),
    (Component.MOMENTUM, "movement"): ("events_week", "", 50),
}


@dataclass(frozen=True)
class Window:
    """Whole days, both ends included."""

    first: date
    last: date


@dataclass(frozen=True)
class Part:
    """`counted` of `target` (None: no target) earned `points` of `most`."""

    name: str
    counted: int
    target: int | None
    points: Fraction
    most: int

    @property
    def label(self) -> str:
        return str(LABELS[self.name])

    @property
    def shown(self) -> Decimal:
        return two_decimals(self.points)


@dataclass(frozen=True)
class ComponentReceipt:
    """`value` is the parts' sum, rounded half up; `contribution` is what it adds to the overall score."""

    component: Component
    weight: int
    value: Decimal | None
    reason: str
    parts: tuple[Part, ...]
    contribution: Fraction | None

    @property
    def measured(self) -> bool:
        return self.value is not None


@dataclass(frozen=True)
class Receipt:
    """`mean` is the overall score before rounding, the sum of the contributions."""

    score: Score
    policy: ScoringPolicy
    components: tuple[ComponentReceipt, ...]
    windows: Mapping[str, Window]
    mean: Fraction | None

    @property
    def shown_mean(self) -> Decimal | None:
        return None if self.mean is None else two_decimals(self.mean)


def receipt_of(score: Score, *, outcomes: Outcomes | None = None) -> Receipt:
    """One query, which runs the formula again over the inputs that the score stored; none with its outcomes at hand."""
    outcomes = outcomes or evaluate([score], policies=[score.policy])
    outcome = outcomes[score.pk, score.policy_id]
    return Receipt(
        score=score,
        policy=score.policy,
        components=tuple(_component(component, outcome, score) for component in Component),
        windows=windows_before(score.period_end),
        mean=outcome.mean,
    )


def windows_before(period_end: date) -> dict[str, Window]:
    def days(length: int, *, until: int = 0) -> Window:
        return Window(period_end - timedelta(days=until + length), period_end - timedelta(days=until + 1))

    return {
        "month": days(MONTH_DAYS),
        "week": days(WEEK_DAYS),
        "week_before": days(WEEK_DAYS, until=WEEK_DAYS),
        "feedback": days(FEEDBACK_DAYS),
    }


def _component(component: Component, outcome: Outcome, score: Score) -> ComponentReceipt:
    value, weight = outcome.components[component], outcome.weights[component]
    return ComponentReceipt(
        component=component,
        weight=weight,
        value=value,
        reason="" if value is not None else why_not_measured(component, score),
        parts=() if value is None else _parts(component, outcome, score),
        contribution=Fraction(weight) * Fraction(value) / outcome.coverage if value is not None and weight else None,
    )


def _parts(component: Component, outcome: Outcome, score: Score) -> tuple[Part, ...]:
    return tuple(
        _part(component, name, points, score)
        for name, points in outcome.parts[component].items()
        if name != "tasks" or score.onboarding_tasks
    )


def _part(component: Component, name: str, points: Fraction, score: Score) -> Part:
    counted, target, most = COUNTED[component, name]
    if name == "launch_kit" and not score.onboarding_tasks:
        most = 100
    holder = score.policy if target.endswith("_target") else score
    return Part(name, int(getattr(score, counted)), getattr(holder, target) if target else None, points, most)
