"""Which policy raises and clears alerts, and how a new version comes to be."""

from typing import Any

from django.db import connection
from django.db.models import F, Q

from accounts.audit import record_audit
from accounts.models import Organization, User
from health.models import HealthPolicy

PLATFORM = 0
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
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('health_policy:' || %s, 0))"


def policy_in_force(organization_id: int) -> HealthPolicy:
    """The organization's newest version, else the newest platform default."""
    return (
        HealthPolicy.objects.filter(Q(organization_id=organization_id) | Q(organization=None))
        .order_by(F("organization").asc(nulls_last=True), "-version")[:1]
        .get()
    )


def create_policy(
    organization: Organization | None, *, created_by: User | None, note: str = "", **values: Any
) -> HealthPolicy:
    """Add a version (None: of the platform default) and its audit entry; values left out keep their default.

    In force from the next check on. Raises ValidationError when the values are not valid. Needs the organization's
    scope, or that of all of them for the platform default.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [organization.pk if organization else PLATFORM])
    newest = HealthPolicy.objects.filter(organization=organization).order_by("-version").first()
    policy = HealthPolicy(
        organization=organization,
        version=newest.version + 1 if newest else 1,
        note=note,
        created_by=created_by,
        **values,
    )
    policy.switched_off = sorted(set(policy.switched_off))
    policy.full_clean()
    policy.save(force_insert=True)
    record_audit(
        "health_policy.created",
        subject=policy,
        organization=organization,
        actor=created_by,
        changes=changed_values(newest, policy),
    )
    return policy


def changed_values(before: HealthPolicy | None, after: HealthPolicy) -> dict[str, Any]:
    """The values in which two versions differ, as [old, new]; without an older one, against the defaults."""
    before = before or HealthPolicy()
    return {
        name: [getattr(before, name), getattr(after, name)]
        for name in VALUES
        if getattr(before, name) != getattr(after, name)
    }
