"""The statement of a replay: stays at steps become alerts, and alerts are held against who left."""

from health.rules.all_rules import STEPS
from health.what_if import scores, silence
from health.what_if.policies import policy_relation

# Whether a client was paused or archived is not remembered: it counts as watched, until it left if it did.
WATCHED = """
watched AS MATERIALIZED (
    SELECT client.id AS client_id, client.created_at,
        CASE WHEN client.status = 'active' THEN 'infinity'::timestamptz
             ELSE churn.churned_on::timestamp AT TIME ZONE %(timezone)s END AS watched_until
    FROM accounts_client AS client
    LEFT JOIN success_churn AS churn ON churn.organization_id = client.organization_id AND churn.client_id = client.id
    WHERE client.organization_id = %(organization)s AND client.merged_into_id IS NULL
        AND client.created_at <= %(last_hour)s AND (client.status = 'active' OR churn.client_id IS NOT NULL)
),
churned AS MATERIALIZED (
    SELECT churn.client_id, churn.churned_on, churn.churned_on::timestamp AT TIME ZONE %(timezone)s AS left_at
    FROM success_churn AS churn JOIN watched USING (client_id)
    WHERE churn.organization_id = %(organization)s
        AND churn.churned_on > (%(begins)s::timestamptz AT TIME ZONE %(timezone)s)::date
        AND churn.churned_on <= (%(last_hour)s::timestamptz AT TIME ZONE %(timezone)s)::date
)"""

# What returns soon after its end is the same alert, and so is the next step of what lasts.
ALERTS = f"""
stay AS (
    SELECT stay.policy, stay.client_id, stay.matter, steps.kind, stay.begins, least(stay.ends, watched_until) AS ends
    FROM ({silence.STAYS} UNION ALL {scores.STAYS}) AS stay
    JOIN steps USING (matter, step) JOIN watched USING (client_id)
    WHERE stay.begins < watched_until
),
numbered AS MATERIALIZED (
    SELECT *, sum(is_new::int) OVER (PARTITION BY policy, client_id, matter ORDER BY begins) AS alert FROM (
        SELECT stay.*, coalesce(begins - lag(ends) OVER (PARTITION BY policy, client_id, matter ORDER BY begins)
            > policy.reopen_hours * interval '1 hour', true) AS is_new
        FROM stay JOIN policy USING (policy)
    ) AS compared
),
alert AS MATERIALIZED (
    SELECT policy, client_id, matter, alert, (array_agg(kind ORDER BY begins))[1] AS kind, min(begins) AS opened_at,
        max(ends) AS ended_at
    FROM numbered GROUP BY policy, client_id, matter, alert
),
caught AS (
    SELECT alert.policy, alert.client_id, churned_on - (greatest(%(begins)s::timestamptz, coalesce(
        min(opened_at) FILTER (WHERE ended_at >= left_at), max(opened_at)
    )) AT TIME ZONE %(timezone)s)::date AS days
    FROM alert JOIN churned USING (client_id)
    WHERE opened_at < left_at AND ended_at > %(begins)s
    GROUP BY alert.policy, alert.client_id, churned_on
)"""
ANSWER = """
SELECT 'history' AS part, 0 AS policy, '' AS kind, (SELECT count(*) FROM watched) AS number,
    (SELECT count(*) FROM churned)::double precision AS figure
UNION ALL
SELECT 'alerts', policy, '', count(*), count(DISTINCT client_id) FROM alert
WHERE opened_at >= %(begins)s GROUP BY policy
UNION ALL
SELECT 'opened', policy, kind, count(*), 0 FROM alert WHERE opened_at >= %(begins)s GROUP BY policy, kind
UNION ALL
SELECT 'reached', policy, kind, count(DISTINCT (client_id, matter, alert)), 0 FROM numbered
WHERE begins >= %(begins)s GROUP BY policy, kind
UNION ALL
SELECT 'caught', policy, '', count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM caught GROUP BY policy
"""


def replay_statement(policies: int) -> str:
    parts = [policy_relation(policies), STEPS, WATCHED, silence.GAPS, scores.SCORES, scores.WALK, ALERTS]
    return f"WITH RECURSIVE {', '.join(parts)} {ANSWER}"
