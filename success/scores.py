"""A client's scores with where they are going."""

from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from success.models import Score, ScoreQuerySet


class Trend(TextChoices):
    RISING = "rising", _("Rising")
    STABLE = "stable", _("Stable")
    DECLINING = "declining", _("Declining")


@dataclass(frozen=True)
class Standing:
    """A score and how it compares with the newest one at least 7 days older; None without such a one."""

    score: Score
    change: int | None
    trend: Trend | None
    compared_to: date | None


def scores_of(client: Client) -> ScoreQuerySet:
    """Newest first, with policy and comparison: turn each into a `standing`."""
    return (
        Score.objects.filter(organization=client.organization_id, client=client)
        .with_comparison()
        .order_by("-period_end")
    )


def newest_standing(client: Client) -> Standing | None:
    score = scores_of(client).first()
    return standing(score) if score else None


def history(client: Client, *, limit: int) -> list[Standing]:
    """Oldest first, the newest `limit` of them."""
    return [standing(score) for score in reversed(scores_of(client)[:limit])]


def score_before(score: Score) -> Score | None:
    """The score that its trend is against."""
    compared_to: date | None = score.compared_to  # type: ignore[attr-defined]
    if compared_to is None:
        return None
    return Score.objects.select_related("policy").get(
        organization=score.organization_id, client=score.client_id, period_end=compared_to
    )


def standing(score: Score) -> Standing:
    """Of a score that was read `with_comparison`."""
    before: int | None = score.overall_before  # type: ignore[attr-defined]
    change = None if before is None or score.overall is None else score.overall - before
    compared_to: date | None = score.compared_to  # type: ignore[attr-defined]
    return Standing(score, change, _trend(change, score.policy.trend_points), compared_to)


def _trend(change: int | None, points: int) -> Trend | None:
    if change is None:
        return None
    if change >= points:
        return Trend.RISING
    return Trend.DECLINING if change <= -points else Trend.STABLE
