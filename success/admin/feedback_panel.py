"""The figures above the list of feedback, put into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from success.feedback.figures import (
    DETRACTORS,
    FEWEST_ANSWERS,
    PASSIVES,
    PROMOTERS,
    SATISFIED,
    Answers,
    FeedbackFigures,
    Interval,
    csat_mean,
    feedback_figures,
    nps_interval,
    nps_of,
    satisfied_interval,
    satisfied_rate,
)
from success.models import Feedback

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Line:
    """Of one window; without a value where the answers are too few to say one."""

    days: int
    n: int
    value: str
    interval: str
    detail: str


@dataclass(frozen=True)
class Bar:
    rating: int
    count: int
    height: float
    tone: str


@dataclass(frozen=True)
class Card:
    title: str
    value_label: str
    lines: Sequence[Line]
    bars: Sequence[Bar]
    days: int
    n: int
    formula: str


@dataclass(frozen=True)
class Panel:
    cards: Sequence[Card]
    fewest = FEWEST_ANSWERS


def panel_of(rows: QuerySet[Feedback], *, as_of: datetime) -> Panel:
    figures = feedback_figures(rows, as_of=as_of)
    return Panel([_nps_card(figures), _csat_card(figures)])


def _nps_card(figures: Sequence[FeedbackFigures]) -> Card:
    widest = figures[-1]
    return Card(
        title=_("NPS: would they recommend you?"),
        value_label=_("NPS"),
        lines=[_nps_line(each.days, each.nps) for each in figures],
        bars=_bars(widest.nps, good=PROMOTERS, middling=PASSIVES),
        days=widest.days,
        n=widest.nps.n,
        formula=_(
            "NPS = % promoters (9–10) − % detractors (0–6). Interval: adjusted Wald, 95 % (Rocks, The American"
            " Statistician 70, 2016)."
        ),
    )


def _csat_card(figures: Sequence[FeedbackFigures]) -> Card:
    widest = figures[-1]
    return Card(
        title=_("CSAT: are they satisfied?"),
        value_label=_("Satisfied (4–5)"),
        lines=[_csat_line(each.days, each.csat) for each in figures],
        bars=_bars(widest.csat, good=SATISFIED, middling=range(3, 4)),
        days=widest.days,
        n=widest.csat.n,
        formula=_("Satisfied = share of 4 and 5. Interval: Wilson's score, 95 %."),
    )


def _nps_line(days: int, answers: Answers) -> Line:
    value = nps_of(answers)
    if value is None or not answers.is_enough:
        return Line(days, answers.n, "", "", "")
    detail = _("promoters %(promoters)d, passives %(passives)d, detractors %(detractors)d") % {
        "promoters": answers.count_in(PROMOTERS),
        "passives": answers.count_in(PASSIVES),
        "detractors": answers.count_in(DETRACTORS),
    }
    return Line(days, answers.n, _signed(value), _range(nps_interval(answers), signed=True), detail)


def _csat_line(days: int, answers: Answers) -> Line:
    share, mean = satisfied_rate(answers), csat_mean(answers)
    if share is None or mean is None or not answers.is_enough:
        return Line(days, answers.n, "", "", "")
    interval = satisfied_interval(answers)
    return Line(
        days,
        answers.n,
        f"{_whole(100 * share)} %",
        f"{_range(Interval(100 * interval.low, 100 * interval.high))} %",
        _("mean %(mean)s of 5") % {"mean": number_format(round(mean, 2), 2)},
    )


def _bars(answers: Answers, *, good: range, middling: range) -> list[Bar]:
    most = max(*answers.counts.values(), 1)
    return [
        Bar(
            rating,
            count,
            height=round(100 * count / most, 1),
            tone="good" if rating in good else "middling" if rating in middling else "bad",
        )
        for rating, count in answers.counts.items()
    ]


def _signed(value: float) -> str:
    text = _whole(abs(value))
    return text if text == "0" else f"{'+' if value > 0 else MINUS}{text}"


def _range(interval: Interval, *, signed: bool = False) -> str:
    low, high = (_signed(each) if signed else _whole(each) for each in (interval.low, interval.high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _whole(value: float) -> str:
    """Rounded: number_format cuts off."""
    return number_format(round(value))
