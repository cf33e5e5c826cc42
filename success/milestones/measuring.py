"""How milestones are measured, as fragments of SQL: one list for what was reached and for what is next."""

from success.models import MilestoneDefinition

Measure = MilestoneDefinition.Measure

# What a row of daily activity adds to each measure that is counted over all time.
COUNTED = {
    Measure.EVENTS: "total",
    Measure.ACTIVE_DAYS: "(total > 0)::int",
    Measure.LOGINS: "login",
    Measure.PAGE_VIEWS: "page_view",
    Measure.TASKS_COMPLETED: "task_completed",
    Measure.CONTENT_GENERATED: "content_generated",
    Measure.VISUALS_CREATED: "visual_created",
    Measure.VOICE_INTERACTIONS: "voice_interaction",
    Measure.INSIGHTS_REVIEWED: "insight_reviewed",
    Measure.EXPORTS_DOWNLOADED: "export_downloaded",
    Measure.FEEDBACK_GIVEN: "feedback_given",
}
# Of a day, and summed up, a column for each measure.
OF_A_DAY = ", ".join(f"{text} AS {measure}" for measure, text in COUNTED.items())
SUMS = ", ".join(f"sum({measure}) AS {measure}" for measure in COUNTED)


def counted(row: str) -> str:
    """The column of `row` that a definition's measure names; NULL for what is not counted from daily activity."""
    branches = " ".join(f"WHEN '{measure}' THEN {row}.{measure}" for measure in COUNTED)
    return f"CASE measure {branches} END"


# An organization's own definition stands for the platform's of the same key, also to switch it off.
IN_FORCE = """
SELECT id AS definition_id, key, measure, threshold
FROM (
    SELECT DISTINCT ON (key) id, key, subject, measure, threshold, is_active FROM success_milestonedefinition
    WHERE organization_id = %(organization)s OR organization_id IS NULL
    ORDER BY key, organization_id NULLS LAST
) AS own_first
WHERE is_active AND subject = '{subject}'
"""

# The index begins with the day. One probe for each day of a client's life beats reading everybody's days, and the
# loop keeps the planner from doing so.
DAYS_OF_CLIENTS = f"""
SELECT activity.client_id, of_client.*
FROM telemetry_clientactivity AS activity
CROSS JOIN LATERAL (
    SELECT found.day, {OF_A_DAY}
    FROM generate_series((activity.first_at AT TIME ZONE %(timezone)s)::date::timestamp,
                         (activity.last_at AT TIME ZONE %(timezone)s)::date::timestamp, interval '1 day') AS each (day)
    CROSS JOIN LATERAL (
        SELECT * FROM telemetry_dailyactivity AS d
        WHERE d.organization_id = %(organization)s AND d.day = each.day::date AND d.client_id = activity.client_id
        OFFSET 0
    ) AS found
) AS of_client
WHERE activity.organization_id = %(organization)s AND activity.client_id = ANY(%(clients)s)
"""
DAYS_OF_RANGE = f"""
SELECT client_id, day, {OF_A_DAY} FROM telemetry_dailyactivity
WHERE organization_id = %(organization)s AND {{rows}}
"""

# Each day on which onboarding tasks were completed, with how much was done at its end.
ONBOARDING = """
SELECT client_id, day, 100 * done / tasks AS percent
FROM (
    SELECT client_id, day, count(*) OVER (PARTITION BY client_id) AS tasks,
        count(day) OVER (PARTITION BY client_id ORDER BY day) AS done
    FROM (
        SELECT client_id, (completed_at AT TIME ZONE %(timezone)s)::date AS day FROM success_task
        WHERE organization_id = %(organization)s AND is_onboarding AND {rows}
    ) AS task
) AS step
WHERE day IS NOT NULL
"""
