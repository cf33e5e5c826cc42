"""A week in words, in the active language: what the templates of the weekly mail show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from success.answers import why_it_changed, why_it_is
from success.dashboard.card import NO_BAND, Movement, movement_of
from success.dashboard.numbers import signed, whole
from success.insights.texts import text_of
from success.models import Insight
from success.receipts import Window
from success.weekly_mail.agreement import agreement_text
from success.weekly_mail.asking import Question
from success.weekly_mail.gathering import Scored, Told
from success.weekly_mail.week import Week

# Higher than the chart's numbers could be read in a seventh of a phone's width.
MOST_IN_CHART = 9_999
TALLEST = 64


@dataclass(frozen=True, slots=True)
class ScoreShown:
    """`rest` is what is missing to a hundred; `change` is empty without an earlier score or a change."""

    overall: int
    rest: int
    band: str
    band_text: str
    change: str
    movement: Movement | None
    why: str
    coverage: int
    needed_coverage: int


@dataclass(frozen=True, slots=True)
class DayShown:
    """`height` in pixels; `count` is empty where the numbers are too long to stand side by side."""

    name: str
    count: str
    is_active: bool
    height: int


@dataclass(frozen=True, slots=True)
class InsightShown:
    kind: str
    kind_label: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Content:
    """`page` is the path of the client's dashboard, empty for those who have no login."""

    score: ScoreShown | None
    window: Window
    active_days: str
    counts: Sequence[tuple[str, str]]
    days: Sequence[DayShown]
    insights: Sequence[InsightShown]
    question: Question | None
    page: str
    agreed: str


def content_of(told: Told, *, question: Question | None, organization_name: str) -> Content:
    """In the active language and timezone."""
    return Content(
        score=_score(told.scored) if told.scored else None,
        window=told.week.window,
        active_days=_("%(days)s of %(all)s") % {"days": told.week.active_days, "all": len(told.week.activities)},
        counts=_counts(told.week),
        days=_days(told.week),
        insights=[_insight(insight) for insight in told.insights],
        question=question,
        page=reverse("client-success") if told.has_login else "",
        agreed=agreement_text(told.preference, organization_name=organization_name),
    )


def _score(scored: Scored) -> ScoreShown:
    now = scored.standing
    score = now.score
    overall = score.overall or 0
    return ScoreShown(
        overall=overall,
        rest=100 - overall,
        band=score.band or NO_BAND,
        band_text=str(score.get_band_display()) if score.band else "",
        change=signed(now.change) if now.change else "",
        movement=movement_of(now),
        why=why_it_changed(scored.difference) if scored.difference else why_it_is(scored.receipt),
        coverage=score.coverage,
        needed_coverage=score.policy.band_coverage,
    )


def _counts(week: Week) -> list[tuple[str, str]]:
    return [
        (_("Tasks completed"), whole(week.tasks)),
        (_("Contents generated"), whole(week.contents)),
        (_("Visuals created"), whole(week.visuals)),
    ]


def _days(week: Week) -> list[DayShown]:
    """Nothing for a week without activity: seven empty columns say less than a sentence."""
    most = max(week.activities)
    if not most:
        return []
    return [
        DayShown(
            name=date_format(week.window.first + timedelta(days=day), "D"),
            count=whole(count) if most <= MOST_IN_CHART else "",
            is_active=count > 0,
            # What happened once must be seen beside what happened a thousand times.
            height=max(round(TALLEST * count / most), 4 if count else 2),
        )
        for day, count in enumerate(week.activities)
    ]


def _insight(insight: Insight) -> InsightShown:
    text = text_of(insight)
    return InsightShown(insight.kind, str(Insight.Kind(insight.kind).label), text.title, text.body)
