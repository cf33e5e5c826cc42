"""Each policy that is replayed has a branch of the statement, with relations and parameters of its own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Organization
from health.limits import POINTS
from health.models import Alert, HealthPolicy
from health.rules.all_rules import WATCHES, Step, steps_of
from health.what_if.evaluations import lengths_of, levels_at

MATTERS = list(Alert.Matter)
KINDS = list(Alert.Kind)
# So that kinds an alert came to be of are the bits of a number.
KIND_BITS = {kind: 1 << number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Branch:
    number: int
    switched_off: Collection[str]

    def of(self, name: str) -> str:
        return f"{name}_{self.number}"

    def value(self, name: str, kind: str = "int") -> str:
        return f"%({self.of(name)})s::{kind}"

    def steps(self, matter: Alert.Matter) -> list[Step]:
        """Those that are not switched off, the mildest first."""
        watch = next(watch for watch in WATCHES if watch.matter == matter)
        return [step for step in steps_of(watch) if step.rule.kind not in self.switched_off]

    @property
    def points(self) -> str:
        """A relation of one row: the levels that the conditions of the rules name."""
        return f"(SELECT {', '.join(f'{self.value(name)} AS {name}' for name in POINTS)}) AS points_of_policy"


def branches_of(policies: Sequence[HealthPolicy]) -> list[Branch]:
    return [Branch(number, policy.switched_off) for number, policy in enumerate(policies)]


def policy_parameters(
    policies: Sequence[HealthPolicy], *, hours: Sequence[datetime], organization: Organization
) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for branch, policy in zip(branches_of(policies), policies, strict=True):
        values = levels_at(hours, policy=policy, organization=organization) | {
            "clear_evaluations": policy.clear_evaluations,
            "reopen_hours": policy.reopen_hours,
            **{f"{name}_length": length for name, length in lengths_of(policy).items()},
        }
        parameters |= {branch.of(name): value for name, value in values.items()}
    return parameters
