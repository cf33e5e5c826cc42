import pytest

from accounts.models import AuditEntry, Organization, User
from accounts.organization_status import Step, is_possible, take_step
from accounts.tenancy import organization_scope
from tests.factories import OrganizationFactory, UserFactory


@pytest.fixture
def operator(db: None) -> User:
    user: User = UserFactory.create(is_superuser=True, is_staff=True)
    return user


@pytest.mark.parametrize(
    ("before", "step", "after", "action"),
    [
        ("pending", Step.APPROVE, "active", "organization.approved"),
        ("rejected", Step.APPROVE, "active", "organization.approved"),
        ("pending", Step.REJECT, "rejected", "organization.rejected"),
        ("active", Step.SUSPEND, "suspended", "organization.suspended"),
        ("suspended", Step.RESUME, "active", "organization.resumed"),
        ("active", Step.CLOSE, "closed", "organization.closed"),
    ],
)
def test_a_step_leads_on_and_is_written_down(operator: User, before: str, step: Step, after: str, action: str) -> None:
    organization: Organization = OrganizationFactory.create(status=before)
    with organization_scope(organization.pk):
        assert take_step(organization, step, actor=operator)
        organization.refresh_from_db()
        entry = AuditEntry.objects.get()
    assert organization.status == after
    assert (entry.action, entry.changes, entry.actor) == (action, {"status": [before, after]}, operator)


@pytest.mark.parametrize(
    ("before", "step"), [("active", Step.APPROVE), ("closed", Step.SUSPEND), ("pending", Step.CLOSE)]
)
def test_a_step_from_elsewhere_changes_nothing(operator: User, before: str, step: Step) -> None:
    organization: Organization = OrganizationFactory.create(status=before)
    with organization_scope(organization.pk):
        assert not is_possible(organization, step)
        assert not take_step(organization, step, actor=operator)
        organization.refresh_from_db()
        assert (organization.status, AuditEntry.objects.count()) == (before, 0)


def test_the_first_of_two_wins(operator: User) -> None:
    organization: Organization = OrganizationFactory.create(status="pending")
    with organization_scope(organization.pk):
        stale = Organization.objects.get(pk=organization.pk)
        assert take_step(organization, Step.REJECT, actor=operator)
        assert not take_step(stale, Step.REJECT, actor=operator)
