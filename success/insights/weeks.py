"""What the weekly rules see of a client: its score at the period end, and what it did in the week before.

Counts come from daily activity and not from the score, so that all of one insight's counts were read at once.
`change` and `trend` are those of `success.scores.standing`.
"""

from datetime import date, timedelta
from typing import Any

from success.scores import Trend
from success.scoring import WEEK_DAYS

# The newest older score is that of the week before, but where there is a gap. Only then is the whole past read: an
# index probe for each client is quick or not as the planner's luck has it, and without a gap EXISTS saves the reading.
# Of clients that are served: paused and archived ones, and those merged into others, are told nothing.
WEEKS = f"""activity AS (
    SELECT client_id,
        count(*) FILTER (WHERE total > 0 AND day >= %(week)s) AS active_days,
        coalesce(sum(total) FILTER (WHERE day >= %(week)s), 0) AS events,
        coalesce(sum(total) FILTER (WHERE day < %(week)s), 0) AS events_before,
        coalesce(sum(content_generated) FILTER (WHERE day >= %(week)s), 0) AS content_generated,
        coalesce(sum(visual_created) FILTER (WHERE day >= %(week)s), 0) AS visuals_created,
        coalesce(sum(task_completed) FILTER (WHERE day >= %(week)s), 0) AS tasks_completed
    FROM telemetry_dailyactivity
    WHERE organization_id = %(organization)s AND day = ANY(%(days)s) AND {{rows}}
    GROUP BY client_id
),
scored AS MATERIALIZED (
    SELECT client_id, overall, policy_id, age_days, onboarding_tasks, onboarding_done FROM success_score
    WHERE organization_id = %(organization)s AND period_end = %(period_end)s AND {{rows}}
),
week_before AS MATERIALIZED (
    SELECT client_id, overall AS overall_before FROM success_score
    WHERE organization_id = %(organization)s AND period_end = %(week)s AND {{rows}}
),
gaps AS MATERIALIZED (
    SELECT client_id FROM scored LEFT JOIN week_before USING (client_id)
    WHERE week_before.client_id IS NULL AND age_days > {WEEK_DAYS}
),
older AS (
    SELECT DISTINCT ON (client_id) client_id, overall AS overall_before
    FROM success_score JOIN gaps USING (client_id)
    WHERE organization_id = %(organization)s AND period_end < %(week)s AND {{rows}} AND EXISTS (SELECT FROM gaps)
    ORDER BY client_id, period_end DESC
),
compared AS (
    SELECT scored.*, overall - overall_before AS change
    FROM scored LEFT JOIN (SELECT * FROM week_before UNION ALL SELECT * FROM older) AS before USING (client_id)
),
weeks AS MATERIALIZED (
    SELECT compared.client_id, overall, change, onboarding_tasks, onboarding_done,
        CASE WHEN change >= policy.trend_points THEN '{Trend.RISING}'
             WHEN change <= -policy.trend_points THEN '{Trend.DECLINING}'
             WHEN change IS NOT NULL THEN '{Trend.STABLE}' END AS trend,
        coalesce(active_days, 0) AS active_days, coalesce(events, 0) AS events,
        coalesce(events_before, 0) AS events_before, coalesce(content_generated, 0) AS content_generated,
        coalesce(visuals_created, 0) AS visuals_created, coalesce(tasks_completed, 0) AS tasks_completed
    FROM compared
    JOIN accounts_client AS client ON client.organization_id = %(organization)s AND client.id = compared.client_id
        AND client.status = 'active' AND client.merged_into_id IS NULL
    JOIN success_scoringpolicy AS policy ON policy.id = compared.policy_id
    LEFT JOIN activity ON activity.client_id = compared.client_id
)"""


def days_before(period_end: date) -> dict[str, Any]:
    """The statement's windows: the week, whole days before the period end, and the one before it."""
    return {
        "period_end": period_end,
        "week": period_end - timedelta(days=WEEK_DAYS),
        "last_day": period_end - timedelta(days=1),
        "days": [period_end - timedelta(days=back) for back in range(1, 2 * WEEK_DAYS + 1)],
    }
