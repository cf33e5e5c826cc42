"""Milestones of the simulated clients: found by the product in their past, two of them with a reward."""

from datetime import date, datetime, timedelta

from accounts.models import Organization
from success.milestones.organizations import reach_organization_milestones
from success.milestones.reaching import reach_milestones
from success.models import Milestone, MilestoneDefinition

OWN = (
    {
        "key": "exports-25",
        "title": "25 exports",
        "description": "Twenty-five reports have gone out.",
        "measure": MilestoneDefinition.Measure.EXPORTS_DOWNLOADED,
        "threshold": 25,
        "reward_kind": MilestoneDefinition.Reward.CODE,
        "reward": "FINE-PRINT-10",
    },
    {
        "key": "active-days-60",
        "title": "60 active days",
        "description": "Sixty days of good work.",
        "measure": MilestoneDefinition.Measure.ACTIVE_DAYS,
        "threshold": 60,
        "reward_kind": MilestoneDefinition.Reward.TEXT,
        "reward": "A mug with your name on it",
    },
)
# What was reached longer ago has been celebrated when it was.
NEWS = timedelta(days=7)


def add_milestones(organization: Organization, *, today: date, now: datetime) -> int:
    """Detect what the past has reached; how much was new. Needs the organization's scope."""
    for fields in OWN:
        MilestoneDefinition.objects.get_or_create(organization=organization, key=fields["key"], defaults=fields)
    reached = reach_milestones(organization.pk, detected_at=now)
    reached += reach_organization_milestones(organization.pk, detected_at=now)
    past = Milestone.objects.filter(organization=organization, celebrated_at=None, reached_on__lt=today - NEWS)
    past.update(celebrated_at=now)
    return reached
