"""What a rule is: conditions of SQL over facts about a client, and the levels that the organization's policy sets.

The rules of a matter are its steps: they stand from the mildest to the worst, each condition implies those before it,
and an alert is at the worst step that holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from health.models import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """`raises` is when there is something to tell staff.

    `holds` is when there still is for those who were told: wherever `raises` is true, and up to `clear_points` beyond.
    An alert leaves such a level only after several evaluations in a row in which it did not hold. Without `holds`
    it leaves when it is not raised any more.
    """

    severity: Alert.Severity
    raises: str
    holds: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`evidence` are the facts that the alert shows, by their names in JSON: none that changes by the hour."""

    kind: Alert.Kind
    levels: tuple[Level, ...]
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The rules about one matter, over one relation of facts: a row for each client with its `client_id`."""

    matter: Alert.Matter
    facts: str
    rules: tuple[Rule, ...]

    @property
    def is_patient(self) -> bool:
        return any(level.holds for rule in self.rules for level in rule.levels)
