"""What the formula makes of stored inputs, under their own policy or another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django.db import connection

from success.formula import FORMULA, INPUTS, PART_COLUMNS, PARTS, POLICY
from success.models import Component, Score, ScoringPolicy

CENT = Decimal("0.01")
STATEMENT = f"""
WITH inputs AS (SELECT id AS score_id, {", ".join(INPUTS)} FROM success_score WHERE id = ANY(%(scores)s)),
    policy AS (SELECT id AS policy_id, {", ".join(POLICY)} FROM success_scoringpolicy WHERE id = ANY(%(policies)s))
SELECT *, {PART_COLUMNS} FROM ({FORMULA}) AS formula
"""


@dataclass(frozen=True)
class Outcome:
    """Components with two decimals, None where not measured; `parts` of the measured ones add up to them exactly."""

    components: Mapping[Component, Decimal | None]
    parts: Mapping[Component, Mapping[str, Fraction]]
    weights: Mapping[Component, int]

    @property
    def measured(self) -> list[Component]:
        return [component for component, value in self.components.items() if value is not None]

    @property
    def coverage(self) -> int:
        return sum(self.weights[component] for component in self.measured)

    @property
    def mean(self) -> Fraction | None:
        """The overall score before it is rounded."""
        return weighted_mean(self, self.measured)


# By score id and policy id.
Outcomes = Mapping[tuple[int, int], Outcome]


def weighted_mean(outcome: Outcome, of: Sequence[Component]) -> Fraction | None:
    weight = sum(outcome.weights[component] for component in of)
    if not weight:
        return None
    total = sum(outcome.weights[component] * Fraction(outcome.components[component] or 0) for component in of)
    return Fraction(total) / weight


def two_decimals(points: Fraction) -> Decimal:
    """For reading: half away from zero."""
    return (Decimal(points.numerator) / Decimal(points.denominator)).quantize(CENT, ROUND_HALF_UP)


def evaluate(scores: Sequence[Score], *, policies: Sequence[ScoringPolicy]) -> Outcomes:
    """Every score under every policy, in one query."""
    parameters = {"scores": [score.pk for score in scores], "policies": [policy.pk for policy in policies]}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["score_id"], row["policy_id"]): _outcome(row) for row in rows}


def _outcome(row: Mapping[str, Any]) -> Outcome:
    return Outcome(
        components={component: row[component] for component in Component},
        parts={
            component: {
                part: Fraction(row[f"{component}_{part}"], row[f"{component}_unit"]) for part in PARTS[component]
            }
            for component in Component
        },
        weights={component: row[f"{component}_weight"] for component in Component},
    )
