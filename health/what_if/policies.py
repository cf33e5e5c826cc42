"""The relation `policy`: a row for each policy that is replayed, by its place."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import Organization
from health.limits import POINTS, TIMES
from health.models import HealthPolicy
from health.what_if.evaluations import levels_at

COLUMNS = (
    *((name, "timestamptz[]") for name in TIMES),
    *((name, "int") for name in (*POINTS, "clear_evaluations", "reopen_hours")),
    ("switched_off", "text[]"),
)


def policy_relation(count: int) -> str:
    rows = [
        f"({number}, {', '.join(f'%({name}_{number})s::{kind}' for name, kind in COLUMNS)})" for number in range(count)
    ]
    return f"policy (policy, {', '.join(name for name, _ in COLUMNS)}) AS (VALUES {', '.join(rows)})"


def policy_parameters(
    policies: Sequence[HealthPolicy], *, hours: Sequence[datetime], organization: Organization
) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for number, policy in enumerate(policies):
        levels = levels_at(hours, policy=policy, organization=organization) | {
            "clear_evaluations": policy.clear_evaluations,
            "reopen_hours": policy.reopen_hours,
            "switched_off": list(policy.switched_off),
        }
        parameters |= {f"{name}_{number}": value for name, value in levels.items()}
    return parameters
