"""The weekly chain, and what is cleaned up."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from jobs.definitions import CatchUp, Job, Spread, WorkUnit
from jobs.periods import Every
from success.insights.expiry import delete_expired
from success.insights.writing import write_insights
from success.scoring import score_clients


def score_unit(unit: WorkUnit) -> Mapping[str, int]:
    """Score the unit's clients at the period's end, wherever they stand since."""
    scored = score_clients(
        unit.organization_id,
        period_end=unit.period.end_on,
        first_client=unit.first_client,
        last_client=unit.last_client,
        computed_at=unit.as_of,
    )
    return {"processed": scored, "success": scored}


def insights_unit(unit: WorkUnit) -> Mapping[str, int]:
    """Write the insights of the week before the period's end for the unit's clients."""
    written = write_insights(
        unit.organization_id,
        period_end=unit.period.end_on,
        first_client=unit.first_client,
        last_client=unit.last_client,
        created_at=unit.as_of,
    )
    return {"processed": written.clients, "insights": written.insights}


def expire_unit(unit: WorkUnit) -> Mapping[str, int]:
    return {"expired": delete_expired(unit.organization_id, as_of=unit.as_of)}


success_score = Job(
    name="success-score",
    title=_("Success score"),
    every=Every.WEEK,
    work=score_unit,
    count_names=("processed", "success", "failed", "alerts"),
)
success_insights = Job(
    name="success-insights",
    title=_("Success insights"),
    every=Every.WEEK,
    work=insights_unit,
    after="success-score",
    count_names=("processed", "insights", "failed"),
)
expire_insights = Job(
    name="expire-insights",
    title=_("Insight clean-up"),
    every=Every.DAY,
    work=expire_unit,
    spread=Spread.ORGANIZATION,
    catch_up=CatchUp.NEWEST,
    count_names=("expired",),
)
