"""Scores as stays. Between the arrival of one score and the next nothing changes, and evaluations are hourly: an alert
rises with the arrival, and calms down within so many hours of it as evaluations must be good.
"""

from health.models import Alert
from health.rules.all_rules import WATCHES, Step, steps_of

# A score is taken to have come at 7:00 UTC of its period end, when the weekly job runs; a client's earlier ones were
# there when the client was.
SCORES = """
score AS MATERIALIZED (
    SELECT client_id, period_end, overall, overall - overall_before AS change, points,
        greatest(
            (period_end + time '07:00') AT TIME ZONE 'UTC',
            date_trunc('hour', created_at + interval '1 hour' - interval '1 microsecond')
        ) AS arrived_at
    FROM (
        SELECT score.client_id, score.period_end, score.overall, policy.trend_points AS points, watched.created_at,
            last_value(score.overall) OVER (
                PARTITION BY score.client_id ORDER BY score.period_end
                RANGE BETWEEN UNBOUNDED PRECEDING AND interval '7 days' PRECEDING
            ) AS overall_before
        FROM success_score AS score JOIN watched USING (client_id)
        JOIN success_scoringpolicy AS policy ON policy.id = score.policy_id
        WHERE score.organization_id = %(organization)s
            AND score.period_end BETWEEN %(scores_from)s AND %(last_hour)s::date
    ) AS compared
    WHERE (period_end + time '07:00') AT TIME ZONE 'UTC' <= %(last_hour)s
),
weekly AS (
    SELECT client_id, period_end, arrived_at, overall, change, points,
        CASE WHEN before = period_end - 7 THEN change_before END AS change_before, points_before
    FROM (
        SELECT *, lag(period_end) OVER week AS before, lag(change) OVER week AS change_before,
            lag(points) OVER week AS points_before
        FROM score WHERE extract(isodow FROM period_end) = 1
        WINDOW week AS (PARTITION BY client_id ORDER BY period_end)
    ) AS walked
)"""


def _steps(matter: Alert.Matter) -> list[Step]:
    return list(steps_of(next(watch for watch in WATCHES if watch.matter == matter)))[::-1]


def _judged(matter: Alert.Matter, facts: str) -> str:
    steps = _steps(matter)
    on = "AND '{}' <> ALL(switched_off)"
    raised = " ".join(f"WHEN {s.level.raises} {on.format(s.rule.kind)} THEN {s.number}" for s in steps)
    held = " ".join(f"WHEN {s.holds} {on.format(s.rule.kind)} THEN {s.number}" for s in steps)
    return f"""
    SELECT policy, client_id, '{matter}' AS matter, period_end, arrived_at, CASE {raised} ELSE 0 END AS raised,
        CASE {held} ELSE 0 END AS held, clear_evaluations AS patience
    FROM ({facts}) AS facts CROSS JOIN policy
    """


# Most clients never raise anything: the walk, a step for each score, is for the others. Of scores that came at once
# only the last was ever evaluated.
WALK = f"""
judged AS MATERIALIZED (
    {_judged(Alert.Matter.SCORE, "SELECT client_id, period_end, arrived_at, -change AS dropped FROM score")}
    UNION ALL
    {_judged(Alert.Matter.CHURN, "SELECT * FROM weekly")}
),
arrival AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY policy, matter, client_id ORDER BY arrived_at) AS number FROM (
        SELECT *, (extract(epoch FROM lead(arrived_at, 1, %(last_hour)s::timestamptz + interval '1 hour') OVER (
            PARTITION BY policy, matter, client_id ORDER BY period_end) - arrived_at) / 3600)::int AS hours
        FROM judged
        WHERE (policy, matter, client_id) IN (SELECT policy, matter, client_id FROM judged WHERE raised > 0)
    ) AS timed
    WHERE hours > 0
),
walk (policy, matter, client_id, number, step, good, changed_at) AS (
    SELECT policy, matter, client_id, 0::bigint, 0, 0, NULL::timestamptz FROM arrival WHERE number = 1
    UNION ALL
    SELECT policy, matter, client_id, arrival.number,
        CASE WHEN raised > step THEN raised WHEN held < step AND good + hours >= patience THEN held ELSE step END,
        CASE WHEN held < step AND good + hours < patience THEN good + hours ELSE 0 END,
        CASE WHEN raised > step OR held >= step THEN arrived_at
             ELSE arrived_at + (patience - good - 1) * interval '1 hour' END
    FROM walk JOIN arrival USING (policy, matter, client_id)
    WHERE arrival.number = walk.number + 1
)"""
STAYS = """
SELECT policy, client_id, matter, step, changed_at AS begins, ends FROM (
    SELECT *, lead(changed_at, 1, 'infinity') OVER of_client AS ends FROM (
        SELECT *, lag(step) OVER (PARTITION BY policy, matter, client_id ORDER BY number) AS step_before FROM walk
    ) AS stepped
    WHERE step <> step_before
    WINDOW of_client AS (PARTITION BY policy, matter, client_id ORDER BY number)
) AS stay
WHERE step > 0
"""
