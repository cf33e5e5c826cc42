"""The weekly chain, what is reached, and what is cleaned up."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from emails.contacts.outcomes import outcomes_of_run
from emails.contacts.recipients import STRIPE
from emails.delivery import deliver_all
from emails.kinds import WEEKLY_SUCCESS
from jobs.definitions import CatchUp, Job, Spread, WorkUnit
from jobs.models import JobRun
from jobs.periods import Every
from success.insights.expiry import delete_expired
from success.insights.writing import write_insights
from success.milestones.organizations import reach_installation_milestones, reach_organization_milestones
from success.milestones.reaching import reach_milestones
from success.scoring import score_clients
from success.weekly_mail.queueing import queue_weekly_mails

OF_USE = timedelta(hours=48)
UNTIL_THE_NEXT = timedelta(days=8)


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
    # The week's scores may have reached some.
    reached = _reach(unit)
    return {"processed": written.clients, "insights": written.insights, "milestones": reached}


def milestones_unit(unit: WorkUnit) -> Mapping[str, int]:
    """What stands in the data and was not noticed when it came in; of the organization with its last clients."""
    clients = Client.objects.filter(organization=unit.organization_id, merged_into=None)
    if unit.first_client is not None:
        clients = clients.filter(pk__gte=unit.first_client)
    if unit.last_client is not None:
        clients = clients.filter(pk__lte=unit.last_client)
    reached = _reach(unit)
    if unit.last_client is None:
        reached += reach_organization_milestones(unit.organization_id, detected_at=unit.as_of)
    return {"processed": clients.count(), "reached": reached}


def installation_unit(unit: WorkUnit) -> Mapping[str, int]:
    return {"processed": 1, "reached": reach_installation_milestones(detected_at=unit.as_of)}


def email_unit(unit: WorkUnit) -> Mapping[str, int]:
    """Queue the weekly mail of those who want it; a week's mail is of use until the next one comes."""
    valid_until = min(unit.begun_at + OF_USE, unit.period.end + UNTIL_THE_NEXT)
    queued = queue_weekly_mails(
        unit.organization_id,
        period_end=unit.period.end_on,
        as_of=unit.as_of,
        first_client=unit.first_client,
        last_client=unit.last_client,
        valid_until=valid_until,
    )
    return {"processed": queued.processed, "queued": queued.queued}


def email_outcomes(run: JobRun) -> Mapping[str, int]:
    return outcomes_of_run(run, kind=WEEKLY_SUCCESS.name)


def deliver(seconds: float) -> int:
    return deliver_all(seconds=seconds)


def _reach(unit: WorkUnit) -> int:
    return reach_milestones(
        unit.organization_id,
        detected_at=unit.as_of,
        first_client=unit.first_client,
        last_client=unit.last_client,
    )


def expire_unit(unit: WorkUnit) -> Mapping[str, int]:
    return {"expired": delete_expired(unit.organization_id, as_of=unit.as_of)}


success_score = Job(
    name="success-score",
    title=_("Success score"),
    every=Every.WEEK,
    work=score_unit,
    ends_on_any_day=True,
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
success_email = Job(
    name="success-email",
    title=_("Weekly success mail"),
    every=Every.WEEK,
    work=email_unit,
    catch_up=CatchUp.NEWEST,
    after="success-insights",
    became=email_outcomes,
    carry_on=deliver,
    largest_piece=5_000,
    cut_at=STRIPE,
    writes_to_clients=True,
    count_names=("processed", "queued", "sent", "skipped", "failed", "waiting", "uncertain"),
)
reach_all_milestones = Job(
    name="reach-milestones",
    title=_("Milestones"),
    every=Every.DAY,
    work=milestones_unit,
    catch_up=CatchUp.NEWEST,
    count_names=("processed", "reached", "failed"),
)
installation_milestones = Job(
    name="installation-milestones",
    title=_("Milestones of the installation"),
    every=Every.DAY,
    work=installation_unit,
    spread=Spread.INSTALLATION,
    catch_up=CatchUp.NEWEST,
    count_names=("processed", "reached", "failed"),
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
