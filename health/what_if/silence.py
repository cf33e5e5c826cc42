"""Silence and stalled tasks as stays: from which evaluation to which a client was at which step.

An evaluation is known by its number among the hours. `width_bucket` over the moments before which silence must have
begun says how many evaluations came too early to find it.
"""

from health.limits import TIMES
from health.models import Alert
from health.rules.all_rules import WATCHES, steps_of

FIRST_SEEN = "width_bucket({since} - interval '1 microsecond', {levels}) + 1"
CREATED = FIRST_SEEN.format(since="watched.created_at", levels="%(hours)s::timestamptz[]")

# Gaps between days of activity, and the one that lasts. A client that was active before the earliest day that is read
# has been silent since that day, or longer: by the first evaluation that makes no difference any more.
GAPS = """
earlier AS (
    SELECT client_id, max(last_at) AS last_at FROM telemetry_dailyactivity
    WHERE organization_id = %(organization)s AND day >= %(read_from)s AND day < %(walked_from)s
    GROUP BY client_id
),
line AS (
    SELECT client_id, first_at, last_at FROM telemetry_dailyactivity
    WHERE organization_id = %(organization)s AND day >= %(walked_from)s AND first_at <= %(last_hour)s
    UNION ALL
    SELECT watched.client_id, '-infinity',
        coalesce(earlier.last_at, CASE WHEN known.first_at < %(read_from_moment)s THEN %(read_from_moment)s
                                       ELSE watched.created_at END)
    FROM watched LEFT JOIN earlier USING (client_id)
    LEFT JOIN telemetry_clientactivity AS known
        ON known.organization_id = %(organization)s AND known.client_id = watched.client_id
),
gap AS MATERIALIZED (
    SELECT client_id, since, until FROM (
        SELECT client_id, last_at AS since,
            lead(first_at, 1, 'infinity') OVER (PARTITION BY client_id ORDER BY first_at) AS until
        FROM line
    ) AS walked
    WHERE until >= since + %(shortest_silence)s
)"""
_STEPS = ", ".join(
    f"({step.number}, '{step.rule.kind}', {FIRST_SEEN.format(since='gap.since', levels='policy.' + name)})"
    for step, name in zip(
        steps_of(next(watch for watch in WATCHES if watch.matter == Alert.Matter.SILENCE)), TIMES[:4], strict=True
    )
)
_STAYS = f"""
SELECT policy, client_id, step, seen, least(
    lead(seen, 1, ended) OVER (PARTITION BY policy, client_id, since ORDER BY step), ended) AS ended
FROM (
    SELECT policy.policy, gap.client_id, gap.since, step.step, greatest(step.seen, {CREATED}) AS seen,
        {FIRST_SEEN.format(since="gap.until", levels="%(hours)s::timestamptz[]")} AS ended
    FROM gap JOIN watched USING (client_id) CROSS JOIN policy
    CROSS JOIN LATERAL (VALUES {_STEPS}) AS step (step, kind, seen)
    WHERE step.kind <> ALL(policy.switched_off)
) AS found
WHERE seen < ended
"""
_STALLED = f"""
SELECT policy.policy, task.client_id, 1 AS step,
    min({FIRST_SEEN.format(since="task.updated_at", levels="policy.stalled_if_since")}) AS seen
FROM success_task AS task JOIN watched USING (client_id) CROSS JOIN policy
WHERE task.organization_id = %(organization)s AND task.status = 'in_progress'
    AND 'task_stalled' <> ALL(policy.switched_off)
GROUP BY policy.policy, task.client_id
"""
_HOUR = "%(first_hour)s::timestamptz + ({number} - 1) * interval '1 hour'"
STAYS = f"""
SELECT policy, client_id, 'silence' AS matter, step, {_HOUR.format(number="seen")} AS begins,
    CASE WHEN ended > %(evaluations)s THEN 'infinity' ELSE {_HOUR.format(number="ended")} END AS ends
FROM ({_STAYS}) AS stay WHERE seen < ended AND seen <= %(evaluations)s
UNION ALL
SELECT policy, client_id, 'tasks', step, {_HOUR.format(number="seen")}, 'infinity'
FROM ({_STALLED}) AS stalled WHERE seen <= %(evaluations)s
"""
