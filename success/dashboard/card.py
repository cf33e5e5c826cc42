"""What stands at the top of the page: the number, its band in words, and where it is going."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.charts.dial import Dial, dial
from success.dashboard.numbers import signed
from success.models import Score, ScoringPolicy
from success.scores import Standing, Trend

Bands = Sequence[tuple[str, int, int]]
NO_BAND = "no_band"
ARROWS = {Trend.RISING: "↗", Trend.DECLINING: "↘", Trend.STABLE: "→"}


@dataclass(frozen=True)
class Movement:
    """The trend as an arrow and as words with the change."""

    arrow: str
    text: str
    since: date | None


@dataclass(frozen=True)
class Card:
    overall: int | None
    band: str
    band_text: str
    coverage: int
    needed_coverage: int
    movement: Movement | None
    dial: Dial


def card_of(standing: Standing) -> Card:
    score = standing.score
    return Card(
        overall=score.overall,
        band=score.band or NO_BAND,
        band_text=str(score.get_band_display()) if score.band else "",
        coverage=score.coverage,
        needed_coverage=score.policy.band_coverage,
        movement=movement_of(standing),
        dial=dial(score.overall, bands=bands_of(score.policy)),
    )


def bands_of(policy: ScoringPolicy) -> Bands:
    return [
        (str(Score.Band.AT_RISK), 0, policy.attention_from),
        (str(Score.Band.ATTENTION), policy.attention_from, policy.good_from),
        (str(Score.Band.GOOD), policy.good_from, policy.excellent_from),
        (str(Score.Band.EXCELLENT), policy.excellent_from, 100),
    ]


def movement_of(standing: Standing) -> Movement | None:
    if standing.trend is None or standing.change is None:
        return None
    change = _("unchanged")
    if standing.change:
        points = {"points": signed(standing.change)}
        change = ngettext("%(points)s point", "%(points)s points", abs(standing.change)) % points
    return Movement(ARROWS[standing.trend], f"{standing.trend.label}: {change}", standing.compared_to)
