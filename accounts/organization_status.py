"""The life of an organization: applied, approved, suspended, closed. Each step is in the audit log."""

from enum import StrEnum

from accounts.audit import record_audit
from accounts.models import Organization, User

Status = Organization.Status


class Step(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SUSPEND = "suspend"
    RESUME = "resume"
    CLOSE = "close"


# From which states each step leads, to which it leads, and what the audit log calls it.
STEPS: dict[Step, tuple[tuple[Status, ...], Status, str]] = {
    Step.APPROVE: ((Status.PENDING, Status.REJECTED), Status.ACTIVE, "organization.approved"),
    Step.REJECT: ((Status.PENDING,), Status.REJECTED, "organization.rejected"),
    Step.SUSPEND: ((Status.ACTIVE,), Status.SUSPENDED, "organization.suspended"),
    Step.RESUME: ((Status.SUSPENDED, Status.CLOSED), Status.ACTIVE, "organization.resumed"),
    Step.CLOSE: ((Status.ACTIVE, Status.SUSPENDED), Status.CLOSED, "organization.closed"),
}


def is_possible(organization: Organization, step: Step) -> bool:
    return organization.status in STEPS[step][0]


def take_step(organization: Organization, step: Step, *, actor: User) -> bool:
    """False when the organization is in no state from which the step leads; the first of two wins."""
    sources, target, action = STEPS[step]
    before = organization.status
    won = Organization.objects.filter(pk=organization.pk, status__in=sources).update(status=target)
    if not won:
        return False
    organization.status = target
    record_audit(
        action, subject=organization, organization=organization, actor=actor, changes={"status": [before, target]}
    )
    return True
