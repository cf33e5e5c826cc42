"""What answers say together: NPS and CSAT, each with its n and how far chance may have moved it.

The intervals are of 95 % and take answers as independent draws; a client who answered twice is counted twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.db.models import Count, Q, QuerySet

from success.feedback.giving import SCALES
from success.models import Feedback

WINDOWS = (90, 180, 365)
FEWEST_ANSWERS = 5
Z = 1.959964
PROMOTERS, PASSIVES, DETRACTORS = range(9, 11), range(7, 9), range(7)
SATISFIED = range(4, 6)


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Answers:
    """How often each rating was given."""

    kind: Feedback.Kind
    counts: Mapping[int, int]

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    @property
    def is_enough(self) -> bool:
        return self.n >= FEWEST_ANSWERS

    def count_in(self, ratings: range) -> int:
        return sum(self.counts[rating] for rating in ratings)


@dataclass(frozen=True)
class FeedbackFigures:
    """Of the last `days` days."""

    days: int
    nps: Answers
    csat: Answers


def feedback_figures(
    rows: QuerySet[Feedback], *, as_of: datetime, windows: Sequence[int] = WINDOWS
) -> list[FeedbackFigures]:
    """The answers of each window before `as_of`, counted in one query."""
    begin = {days: as_of - timedelta(days=days) for days in windows}
    counted = (
        rows.filter(given_at__gt=min(begin.values()), given_at__lte=as_of)
        .order_by()
        .values("kind", "rating")
        .annotate(**{f"days_{days}": Count("pk", filter=Q(given_at__gt=begin[days])) for days in windows})
    )
    found: dict[tuple[str, int], Any] = {(row["kind"], row["rating"]): row for row in counted}

    def answers(kind: Feedback.Kind, days: int) -> Answers:
        counts = {rating: found.get((kind, rating), {}).get(f"days_{days}", 0) for rating in SCALES[kind]}
        return Answers(kind, counts)

    return [
        FeedbackFigures(days, nps=answers(Feedback.Kind.NPS, days), csat=answers(Feedback.Kind.CSAT, days))
        for days in windows
    ]


def nps_of(answers: Answers) -> float | None:
    """Percent of promoters (9–10) less percent of detractors (0–6), −100 to 100; None without answers."""
    if not answers.n:
        return None
    return 100 * (answers.count_in(PROMOTERS) - answers.count_in(DETRACTORS)) / answers.n


def nps_interval(answers: Answers) -> Interval:
    """Adjusted Wald: as if three more had answered, ¾ promoters, 1½ passives, ¾ detractors.

    B. Rocks, "Interval Estimation for the Net Promoter Score", The American Statistician 70 (2016) 365–372, which
    found it to hold its 95 % from few answers on, where the plain Wald interval does not.
    """
    n = answers.n + 3
    promoters, detractors = (answers.count_in(PROMOTERS) + 0.75) / n, (answers.count_in(DETRACTORS) + 0.75) / n
    net = promoters - detractors
    margin = Z * sqrt((promoters + detractors - net**2) / n)
    return Interval(100 * max(net - margin, -1), 100 * min(net + margin, 1))


def csat_mean(answers: Answers) -> float | None:
    return sum(rating * count for rating, count in answers.counts.items()) / answers.n if answers.n else None


def satisfied_rate(answers: Answers) -> float | None:
    """The share of 4 and 5, 0 to 1; None without answers."""
    return answers.count_in(SATISFIED) / answers.n if answers.n else None


def satisfied_interval(answers: Answers) -> Interval:
    return wilson_interval(answers.count_in(SATISFIED), answers.n)


def wilson_interval(hits: int, n: int) -> Interval:
    """Wilson's score interval of a share of `n` (E. B. Wilson, JASA 22 (1927) 209–212)."""
    if not n:
        return Interval(0, 1)
    share, z2 = hits / n, Z**2
    centre, margin = share + z2 / (2 * n), Z * sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return Interval(max((centre - margin) / (1 + z2 / n), 0), min((centre + margin) / (1 + z2 / n), 1))
