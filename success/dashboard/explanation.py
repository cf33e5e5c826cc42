"""A score's receipt in the client's words, with each component's sum written out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from success.behind import link
from success.dashboard.numbers import points_text, whole
from success.models import Component, Score
from success.receipts import ComponentReceipt, Part, Receipt, Window

MEANINGS = {
    Component.ENGAGEMENT: _("How often and how much you work with us"),
    Component.ACTIVATION: _("How far you have got with setting up"),
    Component.PROGRESS: _("What you have made"),
    Component.SATISFACTION: _("What you told us, on average"),
    Component.MOMENTUM: _("Whether this week was busier than the one before"),
}
# What a part counts and in which of the receipt's windows; without one it counts all there is so far.
COUNTED = {
    "active_days": (_("Active days"), "month"),
    "events": (_("Activities"), "month"),
    "high_value": (_("Results: tasks, contents, visuals, exports"), "month"),
    "tasks": (_("Onboarding tasks done"), ""),
    "launch_kit": (_("Launch kit opened"), ""),
    "content": (_("Contents generated"), "month"),
    "visuals": (_("Visuals created"), "month"),
    "answers": (_("Answers"), "feedback"),
    "level": (_("Activities in the 7 days before"), "week_before"),
    "movement": (_("Activities in the last 7 days"), "week"),
}
# Their points are no share of a full count; the sum below the table says how they come about.
WITHOUT_POINTS = (Component.SATISFACTION, Component.MOMENTUM)


@dataclass(frozen=True)
class Count:
    """One line of a component; `full` is the count that earns all of the points, `link` leads to what was counted."""

    what: str
    window: Window | None
    counted: str
    full: str
    points: str
    link: str


@dataclass(frozen=True)
class Explained:
    """One component. `sum` reads as arithmetic and ends in the value; `missing` says why there is none."""

    title: str
    meaning: str
    weight: int
    value: Decimal | None
    counts: Sequence[Count]
    has_points: bool
    sum: str
    missing: str

    @property
    def measured(self) -> bool:
        return self.value is not None

    @property
    def bar(self) -> str:
        return f"{self.value or 0}%"

    @property
    def weighted(self) -> Decimal | None:
        return self.value * self.weight if self.value is not None else None


def explain(receipt: Receipt) -> list[Explained]:
    return [_explained(part, receipt) for part in receipt.components]


def _explained(receipt: ComponentReceipt, whole_receipt: Receipt) -> Explained:
    component, score = receipt.component, whole_receipt.score
    counts = [_count(part, score, whole_receipt.windows) for part in receipt.parts if part.most]
    return Explained(
        title=str(component.label),
        meaning=str(MEANINGS[component]),
        weight=receipt.weight,
        value=receipt.value,
        counts=counts,
        has_points=component not in WITHOUT_POINTS,
        sum="" if receipt.value is None else f"{_arithmetic(receipt, score)} = {number_format(receipt.value, 2)}",
        missing=_missing(component, score) if receipt.value is None else "",
    )


def _count(part: Part, score: Score, windows: Mapping[str, Window]) -> Count:
    what, window = COUNTED[part.name]
    counted = whole(part.counted)
    if part.name == "launch_kit":
        counted = gettext("yes") if part.counted else gettext("no")
    return Count(
        what=str(what),
        window=windows[window] if window else None,
        counted=counted,
        full=whole(part.target) if part.target is not None else "",
        points=gettext("%(points)s of %(most)d") % {"points": points_text(part.points), "most": part.most},
        link=link(score, part.name),
    )


def _arithmetic(receipt: ComponentReceipt, score: Score) -> str:
    if receipt.component == Component.SATISFACTION:
        return f"{whole(score.feedback_points)} ÷ {whole(score.feedback_180)}"
    if receipt.component == Component.MOMENTUM:
        now, before = score.events_week, score.events_week_before
        return f"50 + 50 × ({whole(now)} − {whole(before)}) ÷ {whole(max(now, before))}" if now or before else "0"
    return " + ".join(_term(part) for part in receipt.parts if part.most)


def _term(part: Part) -> str:
    if part.target is None:
        return points_text(part.points, decimals=0)
    return f"{part.most} × {whole(min(part.counted, part.target))}/{whole(part.target)}"


def _missing(component: Component, score: Score) -> str:
    """Like `success.reasons`, said to the client instead of about them."""
    policy = score.policy
    if component == Component.ACTIVATION:
        return gettext("There are no onboarding tasks, and the launch kit has not been opened.")
    if component == Component.SATISFACTION:
        return gettext("No feedback in the last 180 days.")
    if component == Component.MOMENTUM and score.age_days is not None and score.age_days >= policy.momentum_client_days:
        text = ngettext(
            "Under %(count)d activity in two weeks is too few to tell a direction.",
            "Under %(count)d activities in two weeks are too few to tell a direction.",
            policy.momentum_events,
        )
        return text % {"count": policy.momentum_events}
    days = policy.momentum_client_days if component == Component.MOMENTUM else policy.new_client_days
    text = ngettext(
        "You have been with us for less than %(count)d day.",
        "You have been with us for less than %(count)d days.",
        days,
    )
    return text % {"count": days}
