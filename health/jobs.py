"""The checks that come around: every hour, and once more when the week's scores are there; and the daily mails."""

from collections.abc import Mapping
from dataclasses import asdict

from django.utils.translation import gettext_lazy as _

from accounts.tenancy import all_organizations
from health.checking import check_clients
from health.notices.digest import SETTLES_IN, queue_digests
from jobs.definitions import CatchUp, Job, Spread, WorkUnit
from jobs.periods import Every
from jobs.units import is_in_hand

COUNTS = ("processed", "success", "opened", "reopened", "escalated", "resolved", "failed")


def check_unit(unit: WorkUnit) -> Mapping[str, int]:
    """Check the unit's clients as they are now: an hour that was missed cannot be looked at any more."""
    checked = check_clients(
        unit.organization_id, as_of=unit.as_of, first_client=unit.first_client, last_client=unit.last_client
    )
    return asdict(checked) | {"success": checked.processed}


def digest_unit(unit: WorkUnit) -> Mapping[str, int]:
    """An hour that was missed needs no digest of its own: the next one tells of it."""
    if not is_time_for_digests(unit):
        return {"sent": 0, "skipped": 0}
    digests = queue_digests(unit.organization_id, as_of=unit.as_of)
    return {"sent": digests.queued, "skipped": digests.skipped}


def is_time_for_digests(unit: WorkUnit) -> bool:
    """Not while a check is in hand whose alerts are as old as what the digest tells of: it would pass them over."""
    checks = [health_check.name, health_check_after_scores.name]
    with all_organizations():
        return not is_in_hand(checks, organization_id=unit.organization_id, before=unit.as_of - SETTLES_IN / 2)


health_check = Job(
    name="health-check",
    title=_("Health check"),
    every=Every.HOUR,
    work=check_unit,
    catch_up=CatchUp.NEWEST,
    count_names=COUNTS,
)
health_check_after_scores = Job(
    name="health-check-after-scores",
    title=_("Health check after the scores"),
    every=Every.WEEK,
    work=check_unit,
    ends_on_any_day=True,
    catch_up=CatchUp.NEWEST,
    after="success-score",
    tells={"opened": "alerts"},
    count_names=COUNTS,
)
alert_digest = Job(
    name="alert-digest",
    title=_("Digest of alerts"),
    every=Every.HOUR,
    work=digest_unit,
    spread=Spread.ORGANIZATION,
    catch_up=CatchUp.NEWEST,
    count_names=("sent", "skipped", "failed"),
)
