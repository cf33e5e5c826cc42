"""Numbers as bars: what the page's template needs to draw them without a script."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from health.home.scores import WeekOfScores
from success.models import Score


@dataclass(frozen=True, slots=True)
class Bar:
    """`share` is percent of the whole, or of the longest."""

    name: str
    label: str
    count: int
    share: float
    address: str = ""


def band_bars(week: WeekOfScores, *, address: str) -> list[Bar]:
    """One for each band, those without a band last and only when there are any."""
    labels = dict(Score.Band.choices) | {"no_band": _("Not enough measured")}
    return [
        Bar(
            band,
            str(labels[band]),
            count,
            round(100 * count / week.scored, 1) if week.scored else 0.0,
            f"{address}?band__exact={band}" if address and band != "no_band" else "",
        )
        for band, count in week.bands.items()
        if count or band != "no_band"
    ]


def day_bars(days: list[int], *, today: date) -> list[Bar]:
    """`days` is oldest first and ends with today."""
    most = max(days) or 1
    return [
        Bar("day", _day_name(today, days_ago), count, round(100 * count / most, 1))
        for days_ago, count in zip(reversed(range(len(days))), days, strict=True)
    ]


def _day_name(today: date, days_ago: int) -> str:
    if days_ago == 0:
        return _("Today")
    return date_format(today - timedelta(days=days_ago), "D j")
