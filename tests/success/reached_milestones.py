"""What the tests say again and again about milestones."""

from datetime import UTC, date, datetime
from typing import Any

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.milestones.reaching import reach_milestones
from success.models import Milestone, MilestoneDefinition
from tests.success.oracle import History

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[str, str | None, date, int]


def define(organization: Organization | None, key: str, **fields: Any) -> MilestoneDefinition:
    defaults = {"subject": "client", "measure": "logins", "threshold": 1, "title": key.capitalize()}
    with all_organizations():
        return MilestoneDefinition.objects.create(organization=organization, key=key, **defaults | fields)


def only(organization: Organization, key: str, **fields: Any) -> MilestoneDefinition:
    """A definition of the organization, with all of the platform's switched off."""
    with all_organizations():
        MilestoneDefinition.objects.filter(organization=None).update(is_active=False)
    return define(organization, key, **fields)


def reach(organization: Organization, *, at: datetime = NOW, **options: Any) -> int:
    with organization_scope(organization.pk):
        return reach_milestones(organization.pk, detected_at=at, **options)


def reached(organization: Organization) -> list[Row]:
    """Key, client, day and value of each, sorted."""
    with organization_scope(organization.pk):
        rows = Milestone.objects.values_list("definition__key", "client__external_id", "reached_on", "value")
        return sorted(rows, key=str)


def logins(*moments: datetime) -> History:
    return History(created_at=LONG_AGO, events=[(at, "login", False) for at in moments])


def client(organization: Organization, external_id: str = "c0") -> Client:
    with organization_scope(organization.pk):
        return Client.objects.select_related("organization").get(organization=organization, external_id=external_id)
