"""The weekly job."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from jobs.definitions import Job, WorkUnit
from jobs.periods import Every
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


success_score = Job(
    name="success-score",
    title=_("Success score"),
    every=Every.WEEK,
    work=score_unit,
    count_names=("processed", "success", "failed", "alerts"),
)
