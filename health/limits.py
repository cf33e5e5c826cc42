"""The levels of a policy at one moment, as the rules compare with them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Organization
from health.business_time import business_time_before
from health.models import HealthPolicy, Holiday

POINTS = ("drop_points", "drop_critical_points", "risk_below", "clear_points")
TIMES = ("inactive_if_since", "zero_if_since", "long_if_since", "very_long_if_since", "stalled_if_since")
# A relation `limits` of one row. Lengths of time have become the moments at which they began.
LIMITS = "limits AS (SELECT {})".format(
    ", ".join(
        [f"%({name})s::timestamptz AS {name}" for name in TIMES] + [f"%({name})s::int AS {name}" for name in POINTS]
    )
)


def limits_at(moment: datetime, *, policy: HealthPolicy, organization: Organization) -> dict[str, Any]:
    """The parameters of LIMITS. One query where the policy counts business days."""
    before = _before(moment, policy=policy, organization=organization)
    return {
        "inactive_if_since": before(timedelta(hours=policy.inactivity_hours)),
        "zero_if_since": before(timedelta(hours=policy.zero_activity_hours)),
        "long_if_since": before(timedelta(days=policy.user_inactivity_days)),
        "very_long_if_since": before(timedelta(days=policy.user_inactivity_high_days)),
        "stalled_if_since": before(timedelta(hours=policy.stalled_hours)),
        **{name: getattr(policy, name) for name in POINTS},
    }


def _before(moment: datetime, *, policy: HealthPolicy, organization: Organization) -> Callable[[timedelta], datetime]:
    if not policy.counts_business_days:
        return lambda length: moment - length
    holidays = set(Holiday.objects.filter(organization=organization).values_list("day", flat=True))
    return lambda length: business_time_before(moment, length, timezone=organization.timezone, holidays=holidays)
