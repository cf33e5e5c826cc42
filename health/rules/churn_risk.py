from health.models import Alert
from health.rules.definition import Level, Rule

# A client's newest weekly score, that of the week before, and how far each lies under the newest score at least
# 7 days older than itself; `points` is from where the policy of the score speaks of declining.
OLDER = """
    SELECT {week}.overall - older.overall AS change, policy.trend_points AS points, older.overall AS overall_before
    FROM success_score AS older, success_scoringpolicy AS policy
    WHERE older.organization_id = client.organization_id AND older.client_id = client.id
        AND older.period_end <= {week}.period_end - 7 AND policy.id = {week}.policy_id
    ORDER BY older.period_end DESC LIMIT 1
"""
WEEKLY_SCORES = f"""
SELECT client.id AS client_id, week.period_end, week.overall, now.change, now.points,
    week_before.overall AS overall_before, before.change AS change_before, before.points AS points_before
FROM accounts_client AS client
CROSS JOIN LATERAL (
    SELECT period_end, overall, policy_id FROM success_score AS score
    WHERE score.organization_id = client.organization_id AND score.client_id = client.id
        AND extract(isodow FROM score.period_end) = 1
    ORDER BY period_end DESC LIMIT 1
) AS week
JOIN success_score AS week_before ON week_before.organization_id = client.organization_id
    AND week_before.client_id = client.id AND week_before.period_end = week.period_end - 7
CROSS JOIN LATERAL ({OLDER.format(week="week")}) AS now
CROSS JOIN LATERAL ({OLDER.format(week="week_before")}) AS before
WHERE {{watched}}
"""

# Under 40 and declining in two weekly scores in a row.
CHURN_RISK = Rule(
    kind=Alert.Kind.CHURN_RISK,
    levels=(
        Level(
            severity=Alert.Severity.CRITICAL,
            raises="overall < risk_below AND change <= -points AND change < 0"
            " AND change_before <= -points_before AND change_before < 0",
            holds="overall < risk_below + clear_points AND change < clear_points - points"
            " AND change_before < clear_points - points_before",
        ),
    ),
    evidence={
        "score": "overall",
        "periodEnd": "period_end",
        "change": "change",
        "scoreBefore": "overall_before",
        "changeBefore": "change_before",
    },
)
