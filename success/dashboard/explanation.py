"""A score's receipt in words: what was counted, when, out of how much, and the sum that anyone can check."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.dashboard.windows import Window, Windows, windows_before
from success.models import Component, Score, ScoringPolicy


@dataclass(frozen=True)
class Count:
    """One line of a component: `full` is the count that earns all of `points`."""

    what: str
    counted: str
    full: int | None
    points: int | None
    window: Window | None


@dataclass(frozen=True)
class Explained:
    """One component. `sum` reads as arithmetic and ends in the value; `missing` says why there is none."""

    key: str
    title: str
    meaning: str
    weight: int
    value: Decimal | None
    counts: Sequence[Count]
    sum: str
    missing: str

    @property
    def measured(self) -> bool:
        return self.value is not None

    @property
    def has_targets(self) -> bool:
        return any(count.points is not None for count in self.counts)

    @property
    def bar(self) -> str:
        return f"{self.value or 0}%"

    @property
    def weighted(self) -> Decimal | None:
        return self.value * self.weight if self.value is not None else None


def explain(score: Score) -> list[Explained]:
    """The five components in the order of the policy's page."""
    windows = windows_before(score.period_end)
    return [
        _engagement(score, score.policy, windows),
        _activation(score),
        _progress(score, score.policy, windows),
        _satisfaction(score, windows),
        _momentum(score, score.policy, windows),
    ]


def _engagement(score: Score, policy: ScoringPolicy, windows: Windows) -> Explained:
    month = windows.month
    counts = [
        Count(_("Active days"), _n(score.active_days_30), policy.active_days_target, 40, month),
        Count(_("Activities"), _n(score.events_30), policy.events_target, 30, month),
        Count(
            _("Results: tasks, contents, visuals, exports"),
            _n(score.high_value_30),
            policy.high_value_target,
            30,
            month,
        ),
    ]
    parts = [
        _share(40, score.active_days_30, policy.active_days_target),
        _share(30, score.events_30, policy.events_target),
        _share(30, score.high_value_30, policy.high_value_target),
    ]
    return _explained(score, Component.ENGAGEMENT, counts, parts, _("How often and how much you work with us"))


def _activation(score: Score) -> Explained:
    viewed = score.launch_kit_viewed
    kit = Count(
        _("Launch kit opened"), _("yes") if viewed else _("no"), None, 20 if score.onboarding_tasks else 100, None
    )
    if not score.onboarding_tasks:
        return _explained(score, Component.ACTIVATION, [kit], ["100"], _activation_meaning())
    tasks = Count(_("Onboarding tasks done"), _n(score.onboarding_done), score.onboarding_tasks, 80, None)
    parts = [_share(80, score.onboarding_done, score.onboarding_tasks), "20" if viewed else "0"]
    return _explained(score, Component.ACTIVATION, [tasks, kit], parts, _activation_meaning())


def _progress(score: Score, policy: ScoringPolicy, windows: Windows) -> Explained:
    counts = [
        Count(_("Contents generated"), _n(score.content_30), policy.content_target, 50, windows.month),
        Count(_("Visuals created"), _n(score.visual_30), policy.visual_target, 50, windows.month),
    ]
    parts = [
        _share(50, score.content_30, policy.content_target),
        _share(50, score.visual_30, policy.visual_target),
    ]
    return _explained(score, Component.PROGRESS, counts, parts, _("What you have made"))


def _satisfaction(score: Score, windows: Windows) -> Explained:
    answers = Count(_("Answers"), _n(score.feedback_180), None, None, windows.feedback)
    total = Count(_("Their points, each 0–100"), _n(score.feedback_points), None, None, windows.feedback)
    parts = [f"{_n(score.feedback_points)} ÷ {_n(score.feedback_180)}"]
    return _explained(score, Component.SATISFACTION, [answers, total], parts, _("What you told us, on average"))


def _momentum(score: Score, policy: ScoringPolicy, windows: Windows) -> Explained:
    now, before = score.events_week, score.events_week_before
    counts = [
        Count(_("Activities in the last 7 days"), _n(now), None, None, windows.week),
        Count(_("Activities in the 7 days before"), _n(before), None, None, windows.week_before),
    ]
    parts = [f"50 + 50 × ({_n(now)} − {_n(before)}) ÷ {_n(max(now, before))}" if now or before else "0"]
    return _explained(score, Component.MOMENTUM, counts, parts, _("Whether this week was busier than the one before"))


def _explained(
    score: Score, component: Component, counts: Sequence[Count], parts: Sequence[str], meaning: str
) -> Explained:
    value: Decimal | None = getattr(score, component)
    return Explained(
        key=str(component),
        title=str(component.label),
        meaning=meaning,
        weight=score.policy.weight_of(component),
        value=value,
        counts=counts,
        sum=f"{' + '.join(parts)} = {number_format(value, 2)}" if value is not None else "",
        missing=_missing(component, score) if value is None else "",
    )


def _missing(component: Component, score: Score) -> str:
    policy = score.policy
    if component == Component.ACTIVATION:
        return _("There are no onboarding tasks, and the launch kit has not been opened.")
    if component == Component.SATISFACTION:
        return _("No feedback in the last 180 days.")
    if component == Component.MOMENTUM and score.age_days is not None and score.age_days >= policy.momentum_client_days:
        return ngettext(
            "Under %(count)d activity in two weeks is too few to tell a direction.",
            "Under %(count)d activities in two weeks are too few to tell a direction.",
            policy.momentum_events,
        ) % {"count": policy.momentum_events}
    days = policy.momentum_client_days if component == Component.MOMENTUM else policy.new_client_days
    return ngettext(
        "You have been with us for less than %(count)d day.",
        "You have been with us for less than %(count)d days.",
        days,
    ) % {"count": days}


def _activation_meaning() -> str:
    return _("How far you have got with setting up")


def _share(points: int, counted: int, full: int) -> str:
    return f"{points} × {_n(min(counted, full))}/{_n(full)}"


def _n(number: int) -> str:
    return number_format(number, force_grouping=True)
