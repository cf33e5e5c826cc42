"""What stands at the top of the page: the number, its band in words, and where it is going."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.charts.dial import Dial, dial
from success.models import Score, ScoringPolicy

Bands = Sequence[tuple[str, int, int]]
NO_BAND = "no_band"


@dataclass(frozen=True)
class Trend:
    """`name` is rising, declining or stable; `text` says it with the change."""

    name: str
    arrow: str
    text: str


@dataclass(frozen=True)
class Card:
    overall: int | None
    band: str
    band_text: str
    coverage: int
    needed_coverage: int
    trend: Trend | None
    dial: Dial


def card_of(score: Score, *, trend: str | None, change: int | None) -> Card:
    return Card(
        overall=score.overall,
        band=score.band or NO_BAND,
        band_text=str(score.get_band_display()) if score.band else "",
        coverage=score.coverage,
        needed_coverage=score.policy.band_coverage,
        trend=_trend(trend, change),
        dial=dial(score.overall, bands=bands_of(score.policy)),
    )


def bands_of(policy: ScoringPolicy) -> Bands:
    return [
        (str(Score.Band.AT_RISK), 0, policy.attention_from),
        (str(Score.Band.ATTENTION), policy.attention_from, policy.good_from),
        (str(Score.Band.GOOD), policy.good_from, policy.excellent_from),
        (str(Score.Band.EXCELLENT), policy.excellent_from, 100),
    ]


def _trend(name: str | None, change: int | None) -> Trend | None:
    if not name or change is None:
        return None
    arrow, word = {
        "rising": ("↗", _("Rising")),
        "declining": ("↘", _("Declining")),
        "stable": ("→", _("Stable")),
    }[name]
    if not change:
        return Trend(name, arrow, _("%(word)s: unchanged") % {"word": word})
    points = ngettext("%(points)s point", "%(points)s points", abs(change)) % {"points": _signed(change)}
    return Trend(name, arrow, f"{word}: {points}")


def _signed(change: int) -> str:
    return ("+" if change > 0 else "−") + number_format(abs(change))
