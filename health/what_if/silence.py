"""Silence and stalled tasks: from which evaluation to which an alert of them would have lasted.

An evaluation is known by its number among the hours. `width_bucket` over the moments before which silence must have
begun says how many evaluations came too early to find it.
"""

from health.limits import TIMES
from health.models import Alert
from health.rules.all_rules import Step
from health.what_if.policies import KIND_BITS, KINDS, MATTERS, Branch

NEVER = 2_147_483_647
FIRST_SEEN = "width_bucket({since} - interval '1 microsecond', {levels}) + 1"
HOURS = "%(hours)s::timestamptz[]"

# Gaps between days of activity, and the one that lasts. A client that was active before the earliest day that is read
# has been silent since that day, or longer: by the first evaluation that makes no difference any more.
GAPS = f"""
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
    SELECT client_id, since, until, created, leaves_after,
        {FIRST_SEEN.format(since="until", levels=HOURS)} AS ended
    FROM (
        SELECT client_id, last_at AS since,
            lead(first_at, 1, 'infinity') OVER (PARTITION BY client_id ORDER BY first_at) AS until
        FROM line
    ) AS walked JOIN watched USING (client_id)
    WHERE until >= since + %(shortest_silence)s
)"""


def silence_runs(branch: Branch) -> str:
    """A row for each gap that the policy would have told of.

    Where the steps begin is worked out only for those that the gap is long enough for, which most are not: business
    time is never longer than the clock's.
    """
    steps = branch.steps(Alert.Matter.SILENCE)
    if not steps:
        return ""
    seen = [f"seen_{step.number}" for step in steps]
    nexts = [*seen[1:], "ended"]
    opens_as = " ".join(
        f"WHEN {name} = {seen[0]} THEN {KINDS.index(step.rule.kind)}"
        for name, step in reversed(list(zip(seen, steps, strict=True)))
    )
    reached = " | ".join(
        f"CASE WHEN {name} < least({following}, ended) AND {name} BETWEEN %(begins)s AND leaves_after"
        f" THEN {KIND_BITS[step.rule.kind]} ELSE 0 END"
        for name, following, step in zip(seen, nexts, steps, strict=True)
    )
    return f"""
    SELECT client_id, {MATTERS.index(Alert.Matter.SILENCE)} AS matter, {seen[0]} AS seen, ended,
        CASE {opens_as} END AS kind, {reached} AS reached
    FROM (
        SELECT client_id, leaves_after, ended, {", ".join(_seen(branch, step) for step in steps)} FROM gap OFFSET 0
    ) AS timed
    WHERE {seen[0]} < ended AND {seen[0]} <= leaves_after
    """


def _seen(branch: Branch, step: Step) -> str:
    name = TIMES[step.number - 1]
    first = FIRST_SEEN.format(since="since", levels=branch.value(name, "timestamptz[]"))
    return f"""
    CASE WHEN until >= since + {branch.value(f"{name}_length", "interval")} THEN greatest(created, {first})
        ELSE {NEVER} END AS seen_{step.number}"""


def task_runs(branch: Branch) -> str:
    """Of the task of each client that has waited longest."""
    if not branch.steps(Alert.Matter.TASKS):
        return ""
    first = FIRST_SEEN.format(since="min(task.updated_at)", levels=branch.value("stalled_if_since", "timestamptz[]"))
    kind = Alert.Kind.TASK_STALLED
    return f"""
    SELECT client_id, {MATTERS.index(Alert.Matter.TASKS)}, seen, {NEVER}, {KINDS.index(kind)},
        CASE WHEN seen >= %(begins)s THEN {KIND_BITS[kind]} ELSE 0 END
    FROM (
        SELECT task.client_id, leaves_after, greatest(created, {first}) AS seen
        FROM success_task AS task JOIN watched USING (client_id)
        WHERE task.organization_id = %(organization)s AND task.status = 'in_progress'
        GROUP BY task.client_id, created, leaves_after
    ) AS stalled
    WHERE seen <= leaves_after
    """
