"""Everything that the success page shows, read and put into words before the template sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Client
from success.charts.heatmap import Heatmap, heatmap
from success.charts.history import History, Reading, history
from success.dashboard.activity import Activity
from success.dashboard.card import NO_BAND, Card, bands_of, card_of
from success.dashboard.explanation import Explained, explain
from success.dashboard.windows import Windows, windows_before
from success.models import Score
from telemetry.models import DailyActivity

HISTORY_WEEKS = 26
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Total:
    """The overall score as arithmetic."""

    weighted: Decimal
    sum: str


@dataclass(frozen=True)
class Past:
    """The chart of past scores, its rows as a table, and what it shows in a sentence."""

    chart: History
    scores: Sequence[Score]
    text: str


@dataclass(frozen=True)
class Scored:
    """What only a client with a score has."""

    score: Score
    windows: Windows
    card: Card
    components: Sequence[Explained]
    total: Total | None
    past: Past
    compared_to: date | None


@dataclass(frozen=True)
class SuccessPage:
    timezone: str
    activity: Activity
    heatmap: Heatmap
    scored: Scored | None


def success_page_of(client: Client, *, as_of: datetime) -> SuccessPage:
    """Reads in the scope of the client's organization, in the same few queries however much there is."""
    today = as_of.astimezone(client.organization.timezone).date()
    days = _days(client, today)
    return SuccessPage(
        timezone=str(client.organization.timezone),
        activity=Activity(sum(n for _, n in days), sum(n > 0 for _, n in days), days),
        heatmap=heatmap(days),
        scored=_scored(client),
    )


def _days(client: Client, today: date) -> list[tuple[date, int]]:
    first = today - timedelta(days=29)
    counts = dict(
        DailyActivity.objects.filter(
            organization_id=client.organization_id, client=client, day__range=(first, today)
        ).values_list("day", "total")
    )
    return [(day, counts.get(day, 0)) for day in (first + timedelta(days=n) for n in range(30))]


def _scores(client: Client) -> QuerySet[Score]:
    return (
        Score.objects.filter(organization_id=client.organization_id, client=client)
        .select_related("policy")
        .order_by("-period_end")
    )


def _scored(client: Client) -> Scored | None:
    scores = list(_scores(client)[:HISTORY_WEEKS])
    if not scores:
        return None
    newest = scores[0]
    before = next((s for s in scores if s.period_end <= newest.period_end - WEEK), None)
    change = (
        newest.overall - before.overall
        if before and before.overall is not None and newest.overall is not None
        else None
    )
    limit = newest.policy.trend_points
    trend = None if change is None else "rising" if change >= limit else "declining" if change <= -limit else "stable"
    components = explain(newest)
    return Scored(
        score=newest,
        windows=windows_before(newest.period_end),
        card=card_of(newest, trend=trend, change=change),
        components=components,
        total=_total(newest, components),
        past=_past(scores),
        compared_to=before.period_end if before else None,
    )


def _total(score: Score, components: Sequence[Explained]) -> Total | None:
    if score.overall is None:
        return None
    weighted = sum((part.weighted for part in components if part.weighted is not None), Decimal())
    mean = f"{number_format(weighted, 2)} ÷ {score.coverage} = {number_format(weighted / score.coverage, 2)}"
    return Total(weighted, _("%(mean)s, rounded %(overall)d") % {"mean": mean, "overall": score.overall})


def _past(newest_first: Sequence[Score]) -> Past:
    scores = list(reversed(newest_first))
    readings = [Reading(score.period_end, score.overall, score.band or NO_BAND) for score in scores]
    return Past(history(readings, bands=bands_of(scores[-1].policy)), newest_first, _past_text(scores))


def _past_text(scores: Sequence[Score]) -> str:
    known = [score for score in scores if score.overall is not None]
    if not known:
        return _("No score has a number yet.")
    low, high = min(known, key=_overall), max(known, key=_overall)
    text = ngettext(
        "%(count)d score so far, of %(first)s.",
        "%(count)d scores since %(first)s. Lowest %(low)d, highest %(high)d.",
        len(known),
    )
    return text % {
        "count": len(known),
        "first": date_format(known[0].period_end),
        "low": low.overall,
        "high": high.overall,
    }


def _overall(score: Score) -> int:
    return score.overall or 0
