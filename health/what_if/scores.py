"""Scores as stays at steps. Between the arrival of one score and the next nothing changes, and evaluations are hourly:
an alert rises with the arrival, and calms down within so many hours of it as evaluations must be good.
"""

from health.models import Alert
from health.what_if.policies import KIND_BITS, KINDS, MATTERS, Branch
from health.what_if.silence import NEVER

# A score is taken to have come at 7:00 UTC of its period end, when the weekly job runs; a client's earlier ones were
# there when the client was.
SCORES = """
score AS MATERIALIZED (
    SELECT client_id, day, overall, overall - overall_before AS change, points,
        greatest(day * 24 + %(first_arrival)s, created) AS arrived
    FROM (
        SELECT client_id, day, overall, points, created, last_value(overall) OVER (
            PARTITION BY client_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 7 PRECEDING
        ) AS overall_before
        FROM (
            SELECT score.client_id, score.period_end - %(first_day)s AS day, score.overall,
                policy.trend_points AS points, watched.created
            FROM success_score AS score JOIN watched USING (client_id)
            JOIN success_scoringpolicy AS policy ON policy.id = score.policy_id
            WHERE score.organization_id = %(organization)s
                AND score.period_end BETWEEN %(scores_from)s AND %(scores_until)s
        ) AS dated
    ) AS compared
),
weekly AS (
    SELECT client_id, day, arrived, overall, change, points,
        CASE WHEN day_before = day - 7 THEN change_before END AS change_before, points_before
    FROM (
        SELECT *, lag(day) OVER week AS day_before, lag(change) OVER week AS change_before,
            lag(points) OVER week AS points_before
        FROM score WHERE (day + %(first_weekday)s) %% 7 = 0
        WINDOW week AS (PARTITION BY client_id ORDER BY day)
    ) AS walked
)"""

FACTS = {
    Alert.Matter.SCORE: "SELECT client_id, day, arrived, -change AS dropped FROM score",
    Alert.Matter.CHURN: "SELECT * FROM weekly",
}


def score_walk(branch: Branch) -> list[str]:
    """Most clients never raise anything: the walk, a step for each score, is for the others. Of scores that came at
    once only the last was ever evaluated.
    """
    judged = " UNION ALL ".join(_judged(branch, matter) for matter in FACTS if branch.steps(matter))
    if not judged:
        return []
    arrival, walk, patience = branch.of("arrival"), branch.of("walk"), branch.value("clear_evaluations")
    return [
        f"""
{arrival} AS MATERIALIZED (
    SELECT client_id, matter, arrived, raised, held, hours,
        row_number() OVER (PARTITION BY client_id, matter ORDER BY day) AS number
    FROM (
        SELECT *, lead(arrived, 1, %(evaluations)s + 1) OVER (PARTITION BY client_id, matter ORDER BY day) - arrived
            AS hours
        FROM ({judged}) AS judged
    ) AS timed
    WHERE hours > 0
)""",
        f"""
{walk} (client_id, matter, number, before, step, good, changed) AS (
    SELECT client_id, matter, 0::bigint, 0, 0, 0, 0 FROM {arrival} WHERE number = 1
    UNION ALL
    SELECT client_id, matter, arrival.number, step,
        CASE WHEN raised > step THEN raised WHEN held < step AND good + hours >= {patience} THEN held ELSE step END,
        CASE WHEN held < step AND good + hours < {patience} THEN good + hours ELSE 0 END,
        CASE WHEN raised > step OR held >= step THEN arrived ELSE arrived + {patience} - good - 1 END
    FROM {walk} AS walk JOIN {arrival} AS arrival USING (client_id, matter)
    WHERE arrival.number = walk.number + 1
)""",
    ]


def _judged(branch: Branch, matter: Alert.Matter) -> str:
    worst_first = branch.steps(matter)[::-1]
    raised = " ".join(f"WHEN {step.level.raises} THEN {step.number}" for step in worst_first)
    held = " ".join(f"WHEN {step.holds} THEN {step.number}" for step in worst_first)
    something = " OR ".join(f"({step.level.raises})" for step in worst_first)
    facts = f"({FACTS[matter]}) AS facts CROSS JOIN {branch.points}"
    return f"""
    SELECT client_id, {MATTERS.index(matter)} AS matter, day, arrived, CASE {raised} ELSE 0 END AS raised,
        CASE {held} ELSE 0 END AS held
    FROM {facts} WHERE client_id IN (SELECT client_id FROM {facts} WHERE {something})
    """


def score_runs(branch: Branch) -> str:
    """A row for each stay at a step, one after the other."""
    kinds = {(MATTERS.index(matter), step.number): step.rule.kind for matter in FACTS for step in branch.steps(matter)}
    if not kinds:
        return ""
    steps = ", ".join(f"({m}, {n}, {KINDS.index(kind)}, {KIND_BITS[kind]})" for (m, n), kind in kinds.items())
    return f"""
    SELECT client_id, matter, seen, ended, kind, CASE WHEN seen >= %(begins)s THEN bit ELSE 0 END
    FROM (
        SELECT client_id, matter, step, changed AS seen,
            lead(changed, 1, {NEVER}) OVER (PARTITION BY client_id, matter ORDER BY number) AS ended
        FROM {branch.of("walk")} WHERE step <> before
    ) AS stay
    JOIN (VALUES {steps}) AS steps (matter, step, kind, bit) USING (matter, step)
    JOIN watched USING (client_id)
    WHERE seen <= leaves_after
    """
