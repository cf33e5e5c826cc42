from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from jobs.definitions import CatchUp, Job, Spread, WorkUnit
from jobs.periods import Every
from telemetry.retention import drop_old_events, prepare_months


def _keep_months(unit: WorkUnit) -> Mapping[str, int]:
    day = unit.as_of.date()
    created = prepare_months(as_of=day)
    kept: int | None = settings.EVENT_RETENTION_MONTHS
    retired = drop_old_events(as_of=day, keep_months=kept) if kept else []
    return {"created": created, "dropped": len(retired), "events": sum(month.events for month in retired)}


event_months = Job(
    name="event-months",
    title=_("Months of events"),
    every=Every.DAY,
    work=_keep_months,
    spread=Spread.INSTALLATION,
    catch_up=CatchUp.NEWEST,
    count_names=("created", "dropped", "events"),
)
