"""The one statement that judges past scores by who left since, for several horizons at once.

It reads scores, marks and daily activity and gives, as rows of (part, horizon, key, figures), sums over clients that
the closing formulas need, and the distribution of both rankings.
"""

from collections.abc import Sequence

from success.backtest.rules import Rule

# The weekly scores only: a score that somebody had computed in between would count its client twice.
SCORED = """
scored AS MATERIALIZED (
    SELECT score.organization_id, score.client_id, score.period_end, score.overall, score.band, score.age_days,
        churn.churned_on
    FROM success_score AS score
    LEFT JOIN success_churn AS churn USING (organization_id, client_id)
    WHERE {score_scope} AND extract(isodow FROM score.period_end) = 1
        AND score.period_end BETWEEN %(since)s AND %(as_of)s - %(nearest)s
        AND (churn.churned_on IS NULL OR churn.churned_on >= score.period_end)
        AND NOT EXISTS (
            SELECT FROM accounts_client AS client
            WHERE client.id = score.client_id AND client.merged_into_id IS NOT NULL
        )
)"""
# The newest day of activity of each week stands beside the scores of the week's end; the newest of all weeks up to
# there is the last activity before it, found by one walk instead of a search for each score.
SILENCE = """
active AS (
    SELECT organization_id, client_id, max(day) AS day,
        day + 8 - extract(isodow FROM day)::integer AS period_end
    FROM telemetry_dailyactivity
    WHERE {activity_scope} AND total > 0 AND day < %(as_of)s
    GROUP BY organization_id, client_id, period_end
),
walked AS (
    SELECT client_id, period_end, organization_id, overall, band, age_days, churned_on,
        max(active_on) OVER (PARTITION BY client_id ORDER BY period_end) AS active_on
    FROM (
        SELECT client_id, period_end, organization_id, overall, band, age_days, churned_on, NULL::date AS active_on,
            true AS is_score
        FROM scored WHERE overall IS NOT NULL AND band <> ''
        UNION ALL
        SELECT client_id, period_end, organization_id, NULL, NULL, NULL, NULL, day, false FROM active
    ) AS line
),
observation AS MATERIALIZED (
    SELECT horizon, organization_id, client_id, period_end, overall, band,
        coalesce(period_end - active_on, age_days) AS silent_days,
        coalesce(churned_on < period_end + horizon, false) AS has_churned
    FROM walked CROSS JOIN unnest(%(horizons)s::integer[]) AS horizon
    WHERE band IS NOT NULL AND period_end <= %(as_of)s - horizon
)"""
# For an observation of one outcome: the share of those of the other outcome that its ranking tells apart from it
# rightly, ties half. Their mean is the area under the curve. An observation finds its place by one key: with horizon
# and risk apart the planner, who cannot know how many rows come of all this, may join by the horizon alone.
PLACES = """
risk AS (
    SELECT horizon, 'score' AS ranking, -overall AS risk, has_churned, count(*) AS n
    FROM observation GROUP BY horizon, overall, has_churned
    UNION ALL
    SELECT horizon, 'recency', silent_days, has_churned, count(*)
    FROM observation GROUP BY horizon, silent_days, has_churned
),
counted AS (
    SELECT horizon, ranking, risk, coalesce(sum(n) FILTER (WHERE has_churned), 0)::bigint AS churned,
        coalesce(sum(n) FILTER (WHERE NOT has_churned), 0)::bigint AS retained
    FROM risk GROUP BY horizon, ranking, risk
),
cumulated AS (
    SELECT *, sum(churned) OVER all_of_it AS all_churned, sum(retained) OVER all_of_it AS all_retained,
        sum(churned) OVER up_to_here AS churned_to, sum(retained) OVER up_to_here AS retained_to
    FROM counted
    WINDOW all_of_it AS (PARTITION BY horizon, ranking),
        up_to_here AS (PARTITION BY horizon, ranking ORDER BY risk)
),
place AS MATERIALIZED (
    SELECT horizon, ranking, risk, ARRAY[horizon, risk] AS key, churned, retained,
        ((retained_to - retained / 2.0) / nullif(all_retained, 0))::double precision AS of_churned,
        ((all_churned - churned_to + churned / 2.0) / nullif(all_churned, 0))::double precision AS of_retained,
        all_churned + all_retained - churned_to - retained_to + churned + retained AS alarms
    FROM cumulated
),
area AS MATERIALIZED (
    SELECT horizon, ranking, sum(churned * of_churned) / nullif(sum(churned), 0) AS area,
        nullif(sum(churned), 0) AS all_churned, nullif(sum(retained), 0) AS all_retained
    FROM place GROUP BY horizon, ranking
),
target AS (
    SELECT horizon, count(*) FILTER (WHERE band = 'at_risk') AS alarms FROM observation GROUP BY horizon
),
cut AS MATERIALIZED (
    SELECT DISTINCT ON (horizon) horizon, CASE WHEN target.alarms > 0 THEN risk END AS silent_days
    FROM place JOIN target USING (horizon) WHERE ranking = 'recency'
    ORDER BY horizon, abs(place.alarms - target.alarms), risk DESC
)"""
CLIENTS = """
client AS MATERIALIZED (
    SELECT observation.horizon, observation.client_id, count(*) AS n,
        count(*) FILTER (WHERE has_churned) AS churned,
        sum(CASE WHEN has_churned THEN score.of_churned ELSE 0 END) AS score_churned,
        sum(CASE WHEN has_churned THEN 0 ELSE score.of_retained END) AS score_retained,
        sum(CASE WHEN has_churned THEN recency.of_churned ELSE 0 END) AS recency_churned,
        sum(CASE WHEN has_churned THEN 0 ELSE recency.of_retained END) AS recency_retained{rule_columns}
    FROM observation
    JOIN place AS score ON score.ranking = 'score' AND score.key = ARRAY[observation.horizon, -overall]
    JOIN place AS recency ON recency.ranking = 'recency' AND recency.key = ARRAY[observation.horizon, silent_days]
    JOIN cut ON cut.horizon = observation.horizon
    GROUP BY observation.horizon, observation.client_id
),
pull AS (
    SELECT horizon, client_id, ranking,
        (right_churned - churned * area) / all_churned
            + (right_retained - (n - churned) * area) / all_retained AS pull
    FROM client
    CROSS JOIN LATERAL (VALUES ('score', score_churned, score_retained), ('recency', recency_churned, recency_retained))
        AS ranked (ranking, right_churned, right_retained)
    JOIN area USING (horizon, ranking)
)"""
ANSWER = """
SELECT 'left_out' AS part, horizon, '' AS key, jsonb_build_object(
    'without_number', count(*) FILTER (WHERE overall IS NULL),
    'without_band', count(*) FILTER (WHERE overall IS NOT NULL AND band = '')
) AS figures
FROM scored CROSS JOIN unnest(%(horizons)s::integer[]) AS horizon
WHERE period_end <= %(as_of)s - horizon GROUP BY horizon
UNION ALL
SELECT 'size', horizon, '', jsonb_build_object(
    'observations', sum(n), 'churned', sum(churned), 'clients', count(*),
    'churned_clients', count(*) FILTER (WHERE churned > 0), 'retained_clients', count(*) FILTER (WHERE churned = 0)
)
FROM client GROUP BY horizon
UNION ALL
SELECT 'alarm', horizon, key, jsonb_build_object(
    'hits', sum(hits), 'of', sum(alarms), 'hits_squared', sum(hits * hits), 'of_squared', sum(alarms * alarms),
    'hits_of', sum(hits * alarms), 'clusters', count(*) FILTER (WHERE alarms > 0)
)
FROM client CROSS JOIN LATERAL (VALUES {rule_rows}) AS rule (key, hits, alarms)
GROUP BY horizon, key
UNION ALL
SELECT 'churned', horizon, key, jsonb_build_object(
    'hits', sum(hits), 'of', sum(churned), 'hits_squared', sum(hits * hits), 'of_squared', sum(churned * churned),
    'hits_of', sum(hits * churned), 'clusters', count(*) FILTER (WHERE churned > 0)
)
FROM client CROSS JOIN LATERAL (VALUES {rule_rows}) AS rule (key, hits, alarms)
GROUP BY horizon, key
UNION ALL
SELECT 'area', horizon, ranking, jsonb_build_object('area', min(area), 'squares', sum(pull * pull))
FROM pull JOIN area USING (horizon, ranking) WHERE area IS NOT NULL GROUP BY horizon, ranking
UNION ALL
SELECT 'difference', horizon, '', jsonb_build_object('squares', sum(difference * difference))
FROM (
    SELECT horizon, sum(CASE ranking WHEN 'score' THEN pull ELSE -pull END) AS difference
    FROM pull GROUP BY horizon, client_id
) AS paired
GROUP BY horizon
UNION ALL
SELECT 'curve', horizon, ranking, jsonb_agg(jsonb_build_array(churned, retained) ORDER BY risk DESC)
FROM place GROUP BY horizon, ranking
UNION ALL
SELECT 'cut', horizon, '', to_jsonb(silent_days) FROM cut WHERE silent_days IS NOT NULL
"""


def statement(rules: Sequence[Rule], *, of_one_organization: bool) -> str:
    """Takes organization (when of one), since, as_of, nearest (the shortest horizon) and horizons in days."""
    scope = "{}organization_id = %(organization)s" if of_one_organization else "true"
    columns = "".join(
        f",\n        count(*) FILTER (WHERE {rule.condition}) AS {rule.key}_alarms,"
        f"\n        count(*) FILTER (WHERE has_churned AND ({rule.condition})) AS {rule.key}_hits"
        for rule in rules
    )
    rows = ", ".join(f"('{rule.key}', {rule.key}_hits, {rule.key}_alarms)" for rule in rules)
    parts = [
        SCORED.format(score_scope=scope.format("score.")),
        SILENCE.format(activity_scope=scope.format("")),
        PLACES,
        CLIENTS.format(rule_columns=columns),
    ]
    return f"WITH {','.join(parts)}{ANSWER.format(rule_rows=rows)}"
