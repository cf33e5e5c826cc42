"""The statement of a replay: what lasts becomes alerts, and alerts are held against who left.

Times are numbers of hours: 1 is the first evaluation, and what comes before it is 0 or less. Each policy has a branch
of its own over the history that is read once, as a policy's levels as constants make a far better plan than as rows.
"""

from collections.abc import Sequence

from health.what_if.policies import KIND_BITS, KINDS, Branch
from health.what_if.scores import SCORES, score_runs, score_walk
from health.what_if.silence import GAPS, HOURS, silence_runs, task_runs

_BEFORE_LEAVING = f"width_bucket({{left}} - interval '1 microsecond', {HOURS})"
_LEFT_AT = "churn.churned_on::timestamp AT TIME ZONE %(timezone)s"
# Whether a client was paused or archived is not remembered: it counts as watched, until it left if it did.
WATCHED = f"""
watched AS MATERIALIZED (
    SELECT client.id AS client_id, client.created_at,
        ceil(extract(epoch FROM client.created_at - %(first_hour)s) / 3600)::int + 1 AS created,
        CASE WHEN client.status = 'active' THEN %(evaluations)s ELSE {_BEFORE_LEAVING.format(left=_LEFT_AT)} END
            AS leaves_after
    FROM accounts_client AS client
    LEFT JOIN success_churn AS churn ON churn.organization_id = client.organization_id AND churn.client_id = client.id
    WHERE client.organization_id = %(organization)s AND client.merged_into_id IS NULL
        AND client.created_at <= %(last_hour)s AND (client.status = 'active' OR churn.client_id IS NOT NULL)
),
churned AS MATERIALIZED (
    SELECT churn.client_id, churn.churned_on, {_BEFORE_LEAVING.format(left=_LEFT_AT)} AS stayed_until
    FROM success_churn AS churn JOIN watched USING (client_id)
    WHERE churn.organization_id = %(organization)s
        AND churn.churned_on > (%(begins_at)s::timestamptz AT TIME ZONE %(timezone)s)::date
        AND churn.churned_on <= (%(last_hour)s::timestamptz AT TIME ZONE %(timezone)s)::date
)"""
_KINDS = ", ".join(f"({KINDS.index(kind)}, {bit}, '{kind}')" for kind, bit in KIND_BITS.items())
_DAY = (
    "((%(first_hour)s::timestamptz + (greatest(%(begins)s, {hour}) - 1) * interval '1 hour')"
    " AT TIME ZONE %(timezone)s)::date"
)


def replay_statement(branches: Sequence[Branch]) -> str:
    shared = [WATCHED, GAPS, SCORES, f"kinds (kind, bit, name) AS (VALUES {_KINDS})"]
    own = [part for branch in branches for part in (*score_walk(branch), _alerts(branch))]
    return f"WITH RECURSIVE {', '.join([*shared, *own])} {' UNION ALL '.join([HISTORY, *map(_answer, branches)])}"


def _alerts(branch: Branch) -> str:
    """What returns soon after its end is the same alert, and so is the next step of what lasts.

    Alerts are numbered all along, so that they are grouped by one number. `kind` is what an alert opened as, and
    `reached` the kinds that it came to be of in the time that is looked at.
    """
    runs = " UNION ALL ".join(filter(None, [silence_runs(branch), task_runs(branch), score_runs(branch)]))
    numbered, alert, tally = branch.of("numbered"), branch.of("alert"), branch.of("tally")
    return f"""
{numbered} AS (
    SELECT client_id, seen, ended, kind, reached, is_new,
        count(*) FILTER (WHERE is_new) OVER (ORDER BY client_id, matter, seen) AS alert
    FROM (
        SELECT *, coalesce(seen - lag(ended) OVER (PARTITION BY client_id, matter ORDER BY seen)
            > {branch.value("reopen_hours")}, true) AS is_new
        FROM ({runs or NOTHING}) AS run (client_id, matter, seen, ended, kind, reached)
    ) AS compared
),
{alert} AS MATERIALIZED (
    SELECT min(client_id) AS client_id, min(seen) AS opened, max(ended) AS ended,
        max(kind) FILTER (WHERE is_new) AS kind, bit_or(reached) AS reached
    FROM {numbered} GROUP BY alert
),
{tally} AS MATERIALIZED (
    SELECT kind, reached, opened >= %(begins)s AS is_recent, count(*) AS number FROM {alert} GROUP BY 1, 2, 3
)"""


NOTHING = "SELECT 0::bigint, 0, 0, 0, 0, 0 WHERE false"
HISTORY = """
SELECT 'history' AS part, 0 AS policy, '' AS kind, (SELECT count(*) FROM watched)::int AS number,
    (SELECT count(*) FROM churned)::double precision AS figure
"""


def _answer(branch: Branch) -> str:
    alert, tally = branch.of("alert"), branch.of("tally")
    return f"""
SELECT 'alerts', {branch.number}, '', count(*)::int, count(DISTINCT client_id) FROM {alert} WHERE opened >= %(begins)s
UNION ALL
SELECT 'opened', {branch.number}, name, sum(number)::int, 0 FROM {tally} JOIN kinds USING (kind)
WHERE is_recent GROUP BY name
UNION ALL
SELECT 'reached', {branch.number}, name, sum(number)::int, 0 FROM {tally} JOIN kinds ON reached & bit <> 0
GROUP BY name
UNION ALL
SELECT 'caught', {branch.number}, '', count(*)::int, percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM (
    SELECT churned_on - {_DAY.format(hour="coalesce(min(opened) FILTER (WHERE ended > stayed_until), max(opened))")}
        AS days
    FROM {alert} JOIN churned USING (client_id)
    WHERE opened <= stayed_until AND ended > %(begins)s
    GROUP BY client_id, churned_on
) AS caught
"""
