"""Which policy raises and clears alerts, and how a new version comes to be."""

from typing import Any

from accounts.models import Organization, User
from accounts.policy_versions import add_version, version_in_force
from health.models import HealthPolicy

VALUES = (
    "inactivity_hours",
    "zero_activity_hours",
    "user_inactivity_days",
    "user_inactivity_high_days",
    "stalled_hours",
    "drop_points",
    "drop_critical_points",
    "risk_below",
    "clear_points",
    "clear_evaluations",
    "reopen_hours",
    "counts_business_days",
    "switched_off",
)


def policy_in_force(organization_id: int) -> HealthPolicy:
    """The organization's newest version, else the newest platform default."""
    return version_in_force(HealthPolicy, organization_id)


def create_policy(
    organization: Organization | None, *, created_by: User | None, note: str = "", **values: Any
) -> HealthPolicy:
    """Add a version (None: of the platform default) and its audit entry; values left out keep their default.

    In force from the next check on. Raises ValidationError when the values are not valid. Needs the organization's
    scope, or that of all of them for the platform default.
    """
    policy = HealthPolicy(organization=organization, note=note, created_by=created_by, **values)
    policy.switched_off = sorted(set(policy.switched_off))
    return add_version(policy, name="health_policy", values=VALUES)
