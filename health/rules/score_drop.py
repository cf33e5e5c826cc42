from health.models import Alert
from health.rules.definition import Level, Rule

# The newest score and the newest of those that are at least 7 days older.
SCORES = """
SELECT client.id AS client_id, newest.period_end, newest.overall, older.period_end AS period_end_before,
    older.overall AS overall_before, older.overall - newest.overall AS dropped
FROM accounts_client AS client
CROSS JOIN LATERAL (
    SELECT period_end, overall FROM success_score AS score
    WHERE score.organization_id = client.organization_id AND score.client_id = client.id
    ORDER BY period_end DESC LIMIT 1
) AS newest
CROSS JOIN LATERAL (
    SELECT period_end, overall FROM success_score AS score
    WHERE score.organization_id = client.organization_id AND score.client_id = client.id
        AND score.period_end <= newest.period_end - 7
    ORDER BY period_end DESC LIMIT 1
) AS older
WHERE {watched}
"""

# 20 points under the score of 7 days or more before, and 30.
SCORE_DROP = Rule(
    kind=Alert.Kind.SCORE_DROP,
    levels=(
        Level(
            severity=Alert.Severity.WARNING,
            raises="dropped >= drop_points",
            holds="dropped > drop_points - clear_points",
        ),
        Level(
            severity=Alert.Severity.CRITICAL,
            raises="dropped >= drop_critical_points",
            holds="dropped > drop_critical_points - clear_points",
        ),
    ),
    evidence={
        "score": "overall",
        "periodEnd": "period_end",
        "scoreBefore": "overall_before",
        "periodEndBefore": "period_end_before",
    },
)
