"""Past scores: the chart, its rows as a table, and what it shows in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.charts.history import History, Reading, history
from success.dashboard.card import NO_BAND, bands_of
from success.models import Score


@dataclass(frozen=True)
class Past:
    chart: History
    newest_first: Sequence[Score]
    text: str


def past_of(scores: Sequence[Score]) -> Past:
    """Of scores with the oldest first; the zones are those of the newest one's policy."""
    readings = [Reading(score.period_end, score.overall, score.band or NO_BAND) for score in scores]
    return Past(history(readings, bands=bands_of(scores[-1].policy)), list(reversed(scores)), _text(readings))


def _text(readings: Sequence[Reading]) -> str:
    known = [(reading.overall, reading.day) for reading in readings if reading.overall is not None]
    if not known:
        return _("No score has a number yet.")
    text = ngettext(
        "%(count)d score so far, of %(first)s.",
        "%(count)d scores since %(first)s. Lowest %(low)d, highest %(high)d.",
        len(known),
    )
    return text % {
        "count": len(known),
        "first": date_format(known[0][1]),
        "low": min(known)[0],
        "high": max(known)[0],
    }
