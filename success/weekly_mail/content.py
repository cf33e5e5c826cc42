"""A week in words, in the active language: what the templates of the weekly mail show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from success.answers import why_it_changed, why_it_is
from success.dashboard.card import NO_BAND, movement_of
from success.dashboard.numbers import signed, whole
from success.differences import ScoreDifference
from success.insights.texts import text_of
from success.models import Insight, Score
from success.receipts import Window
from success.weekly_mail.agreement import agreement_text
from success.weekly_mail.asking import Question
from success.weekly_mail.days import written_day
from success.weekly_mail.gathering import Scored, Told
from success.weekly_mail.week import Week

# Higher than the chart's numbers could be read in a seventh of a phone's width.
MOST_IN_CHART = 9_999
TALLEST = 64
# Seen on light and on dark ground.
ACTIVE, SILENT = "#2f7f88", "#a49e90"
FULL = 100


class Tone(StrEnum):
    """What the styles of the mail know by name."""

    EXCELLENT = Score.Band.EXCELLENT
    GOOD = Score.Band.GOOD
    ATTENTION = Score.Band.ATTENTION
    AT_RISK = Score.Band.AT_RISK
    NONE = NO_BAND


@dataclass(frozen=True, slots=True)
class ScoreShown:
    """Numbers are written out, as `fill` wants them.

    `filled` and `rest` are shares of a hundred, empty where there is nothing of them; so are `change`, without an
    earlier score or a change, and what tells of the movement without an earlier score.
    """

    overall: str
    filled: str
    rest: str
    band: Tone
    band_text: str
    change: str
    arrow: str
    movement: str
    since: str
    why: str
    coverage: str
    is_complete: bool
    needed_coverage: str


@dataclass(frozen=True, slots=True)
class DayShown:
    """`height` in pixels; `count` is empty where the numbers are too long to stand side by side."""

    name: str
    count: str
    colour: str
    height: str


@dataclass(frozen=True, slots=True)
class InsightShown:
    kind: Insight.Kind
    kind_label: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Content:
    """`page` is the path of the client's dashboard, empty for those who have no login."""

    score: ScoreShown | None
    week: str
    active_days: str
    counts: Sequence[tuple[str, str]]
    days: Sequence[DayShown]
    insights: Sequence[InsightShown]
    question: Question | None
    page: str
    agreed: str


def content_of(told: Told, *, question: Question | None, organization_name: str) -> Content:
    """In the active language and timezone."""
    week, names = _written_days(told.week.window, get_language())
    return Content(
        score=_score(told.scored) if told.scored else None,
        week=week,
        active_days=_("%(days)s of %(all)s") % {"days": told.week.active_days, "all": len(told.week.activities)},
        counts=_counts(told.week),
        days=_days(told.week, names),
        insights=[_insight(insight) for insight in told.insights],
        question=question,
        page=reverse("client-success") if told.has_login else "",
        agreed=agreement_text(told.preference, organization_name=organization_name),
    )


def _score(scored: Scored) -> ScoreShown:
    now, explained_by = scored.standing, scored.explained_by
    score = now.score
    overall = score.overall or 0
    movement = movement_of(now)
    return ScoreShown(
        overall=str(overall),
        filled=str(overall) if overall else "",
        rest=str(FULL - overall) if overall < FULL else "",
        band=Tone(score.band or NO_BAND),
        band_text=str(score.get_band_display()) if score.band else "",
        change=signed(now.change) if now.change else "",
        arrow=movement.arrow if movement else "",
        movement=movement.text if movement else "",
        since=written_day(now.compared_to) if now.compared_to else "",
        why=why_it_changed(explained_by) if isinstance(explained_by, ScoreDifference) else why_it_is(explained_by),
        coverage=str(score.coverage),
        is_complete=score.coverage == FULL,
        needed_coverage=str(score.policy.band_coverage),
    )


@lru_cache(maxsize=64)
def _written_days(window: Window, _language: str) -> tuple[str, Sequence[str]]:
    """The week and the names of its days: the same in all mails of a run."""
    ends = {
        "first": date_format(window.first, "MONTH_DAY_FORMAT"),
        "last": date_format(window.last, "MONTH_DAY_FORMAT"),
    }
    days = (window.last - window.first).days + 1
    names = [date_format(window.first + timedelta(days=day), "D") for day in range(days)]
    return _("%(first)s to %(last)s") % ends, names


def _counts(week: Week) -> list[tuple[str, str]]:
    return [
        (_("Tasks completed"), whole(week.tasks)),
        (_("Contents generated"), whole(week.contents)),
        (_("Visuals created"), whole(week.visuals)),
    ]


def _days(week: Week, names: Sequence[str]) -> list[DayShown]:
    """Nothing for a week without activity: seven empty columns say less than a sentence."""
    most = max(week.activities)
    if not most:
        return []
    return [
        DayShown(
            name=name,
            count=whole(count) if most <= MOST_IN_CHART else "",
            colour=ACTIVE if count else SILENT,
            # What happened once must be seen beside what happened a thousand times.
            height=str(max(round(TALLEST * count / most), 4 if count else 2)),
        )
        for name, count in zip(names, week.activities, strict=True)
    ]


def _insight(insight: Insight) -> InsightShown:
    text = text_of(insight)
    kind = Insight.Kind(insight.kind)
    return InsightShown(kind, str(kind.label), text.title, text.body)
