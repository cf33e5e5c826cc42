"""Every rule, by matter; and the steps that an alert of a matter can be at."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from health.models import Alert
from health.rules.churn_risk import CHURN_RISK, WEEKLY_SCORES
from health.rules.definition import Level, Rule, Watch
from health.rules.inactivity import INACTIVITY
from health.rules.score_drop import SCORE_DROP, SCORES
from health.rules.silence import SILENCE
from health.rules.task_stalled import TASK_STALLED, TASKS
from health.rules.user_inactivity import USER_INACTIVITY
from health.rules.zero_activity import ZERO_ACTIVITY

WATCHES = (
    Watch(matter=Alert.Matter.SILENCE, facts=SILENCE, rules=(INACTIVITY, ZERO_ACTIVITY, USER_INACTIVITY)),
    Watch(matter=Alert.Matter.TASKS, facts=TASKS, rules=(TASK_STALLED,)),
    Watch(matter=Alert.Matter.SCORE, facts=SCORES, rules=(SCORE_DROP,)),
    Watch(matter=Alert.Matter.CHURN, facts=WEEKLY_SCORES, rules=(CHURN_RISK,)),
)


@dataclass(frozen=True, slots=True)
class Step:
    """The place of a rule's level among those of its matter, from 1 for the mildest."""

    number: int
    rule: Rule
    level: Level

    @property
    def holds(self) -> str:
        return self.level.holds or self.level.raises


def steps_of(watch: Watch) -> Iterator[Step]:
    levels = [(rule, level) for rule in watch.rules for level in rule.levels]
    return (Step(number, rule, level) for number, (rule, level) in enumerate(levels, start=1))


def _rows() -> Iterator[str]:
    for watch in WATCHES:
        for step in steps_of(watch):
            patient = str(watch.is_patient).lower()
            yield f"('{watch.matter}', {step.number}, '{step.rule.kind}', {step.level.severity.value}, {patient})"


# A relation `steps`. `is_patient` where an alert leaves its step only after several evaluations.
STEPS = f"steps (matter, step, kind, severity, is_patient) AS (VALUES {', '.join(_rows())})"


def findings(*, watched: str, switched_off: Collection[str]) -> str:
    """A query over the relation `limits`: for each watched client and matter with something to tell, at which step
    an alert is raised (`raised`, else 0), at which one holds (`held`), and on what evidence.

    `watched` is the condition on `client` that says which clients are looked at.
    """
    found = [_findings_of(watch, watched=watched, switched_off=switched_off) for watch in WATCHES]
    nothing = "SELECT NULL::bigint, NULL::text, 0, 0, NULL::jsonb WHERE false"
    return " UNION ALL ".join(filter(None, found)) or nothing


def _findings_of(watch: Watch, *, watched: str, switched_off: Collection[str]) -> str:
    steps = [step for step in steps_of(watch) if step.rule.kind not in switched_off]
    if not steps:
        return ""
    worst_first = steps[::-1]
    raised = " ".join(f"WHEN {step.level.raises} THEN {step.number}" for step in worst_first)
    held = " ".join(f"WHEN {step.holds} THEN {step.number}" for step in worst_first)
    evidence = " ".join(f"WHEN {step.holds} THEN {_evidence(step.rule)}" for step in worst_first)
    something = " OR ".join(f"({step.holds})" for step in steps)
    return f"""
    SELECT client_id, '{watch.matter}' AS matter, CASE {raised} ELSE 0 END AS raised, CASE {held} END AS held,
        CASE {evidence} END AS evidence
    FROM ({watch.facts.format(watched=watched)}) AS facts CROSS JOIN limits
    WHERE {something}
    """


def _evidence(rule: Rule) -> str:
    return "jsonb_build_object(" + ", ".join(f"'{name}', {fact}" for name, fact in rule.evidence.items()) + ")"
