"""Scores computed and stored: one statement, whether for one client or for all of an organization."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from accounts.models import Organization
from success.formula import FORMULA, INPUTS, POLICY_ROW, RESULTS
from success.policies import hold_policies, policy_in_force

MONTH_DAYS = 30
WEEK_DAYS = 7
FEEDBACK_DAYS = 180
FIRST_PERIOD_END = date(1970, 1, 2)

# No place is further from UTC, so that the timezone decides only about times near to a day's end.
FURTHEST_FROM_UTC = timedelta(hours=16)

HIGH_VALUE_TYPES = ("task_completed", "content_generated", "visual_created", "export_downloaded")
HIGH_VALUE = " + ".join(HIGH_VALUE_TYPES)


class UnableToScoreError(ValueError):
    """The period end lies in the organization's future, or before there were any."""


def _before(column: str, day: str) -> str:
    """True where the local date of a time is before a day; converts only the times that are near to it.

    Comparing with the instant of local midnight would be wrong where clocks go back over midnight.
    """
    local_date = f"({column} AT TIME ZONE %(timezone)s)::date"
    return f"({column} < %({day}_begins)s OR ({column} < %({day}_ends)s AND {local_date} < %({day})s))"


INPUT_ROWS = f"""known AS (
    SELECT client.id AS client_id,
        (least(coalesce(client.signed_up_at, client.created_at), activity.first_at) AT TIME ZONE %(timezone)s)::date
            AS known_on,
        activity.first_at IS NOT NULL AND {_before("activity.first_at", "period_end")} AS has_events,
        coalesce(activity.launch_kit_first_day < %(period_end)s, false) AS launch_kit_viewed
    FROM accounts_client AS client
    LEFT JOIN telemetry_clientactivity AS activity
        ON activity.organization_id = client.organization_id AND activity.client_id = client.id
    WHERE client.organization_id = %(organization)s AND client.merged_into_id IS NULL AND {{clients}}
),
month AS (
    SELECT client_id,
        count(*) FILTER (WHERE total > 0) AS active_days_30,
        sum(total) AS events_30,
        sum({HIGH_VALUE}) AS high_value_30,
        sum(content_generated) AS content_30,
        sum(visual_created) AS visual_30,
        coalesce(sum(total) FILTER (WHERE day >= %(week)s), 0) AS events_week,
        coalesce(sum(total) FILTER (WHERE day >= %(week_before)s AND day < %(week)s), 0) AS events_week_before
    FROM telemetry_dailyactivity
    WHERE organization_id = %(organization)s AND day = ANY(%(days)s) AND {{rows}}
    GROUP BY client_id
),
onboarding AS (
    SELECT client_id, count(*) AS onboarding_tasks,
        count(*) FILTER (WHERE completed_at IS NOT NULL AND {_before("completed_at", "period_end")}) AS onboarding_done
    FROM success_task
    WHERE organization_id = %(organization)s AND is_onboarding AND {_before("created_at", "period_end")} AND {{rows}}
    GROUP BY client_id
),
answers AS (
    SELECT client_id, count(*) AS feedback_180,
        sum(CASE kind WHEN 'nps' THEN rating * 10 ELSE (rating - 1) * 25 END) AS feedback_points
    FROM success_feedback
    WHERE organization_id = %(organization)s AND NOT {_before("given_at", "feedback_start")}
        AND {_before("given_at", "period_end")} AND {{rows}}
    GROUP BY client_id
),
inputs AS (
    SELECT client_id, %(period_end)s - known_on AS age_days, has_events, launch_kit_viewed,
        coalesce(active_days_30, 0) AS active_days_30, coalesce(events_30, 0) AS events_30,
        coalesce(high_value_30, 0) AS high_value_30, coalesce(content_30, 0) AS content_30,
        coalesce(visual_30, 0) AS visual_30, coalesce(events_week, 0) AS events_week,
        coalesce(events_week_before, 0) AS events_week_before,
        coalesce(onboarding_tasks, 0) AS onboarding_tasks, coalesce(onboarding_done, 0) AS onboarding_done,
        coalesce(feedback_180, 0) AS feedback_180, coalesce(feedback_points, 0) AS feedback_points
    FROM known
    LEFT JOIN month USING (client_id) LEFT JOIN onboarding USING (client_id) LEFT JOIN answers USING (client_id)
    WHERE known_on < %(period_end)s
)
"""

STORED = ("policy_id", "timezone", *RESULTS, *INPUTS)


def _columns(prefix: str) -> str:
    return ", ".join(f"{prefix}{column}" for column in STORED)


# Unchanged rows are left out before the upsert, which would lock, and so write, each of them. A client that is
# no longer scored at this period end (merged, or found to have begun later) loses its row.
STATEMENT = f"""
WITH policy AS ({POLICY_ROW}),
{INPUT_ROWS},
scored AS MATERIALIZED (SELECT %(timezone)s::text AS timezone, * FROM ({FORMULA}) AS formula),
stored AS (
    INSERT INTO success_score AS old (organization_id, client_id, period_end, computed_at, {_columns("")})
    SELECT %(organization)s, scored.client_id, %(period_end)s, %(computed_at)s, {_columns("scored.")}
    FROM scored
    LEFT JOIN success_score AS same ON same.organization_id = %(organization)s
        AND same.client_id = scored.client_id AND same.period_end = %(period_end)s
    WHERE same.id IS NULL OR ({_columns("same.")}) IS DISTINCT FROM ({_columns("scored.")})
    ON CONFLICT (organization_id, client_id, period_end) DO UPDATE
    SET computed_at = excluded.computed_at, {", ".join(f"{column} = excluded.{column}" for column in STORED)}
    WHERE ({_columns("old.")}) IS DISTINCT FROM ({_columns("excluded.")})
),
withdrawn AS (
    DELETE FROM success_score
    WHERE organization_id = %(organization)s AND period_end = %(period_end)s AND client_id IN (
        SELECT client.id FROM accounts_client AS client LEFT JOIN scored ON scored.client_id = client.id
        WHERE client.organization_id = %(organization)s AND scored.client_id IS NULL AND {{clients}}
    )
)
SELECT count(*) FROM scored
"""


# Hashes that do not fit into memory double the time. The statistics know nothing of a period whose scores have just
# been stored, and a loop that the planner then takes to run once runs for each pair of clients.
PLAN_FOR_MANY = "SELECT set_config('work_mem', '256MB', true), set_config('enable_nestloop', 'off', true)"
PLAN_AS_USUAL = "SELECT set_config('enable_nestloop', 'on', true)"


def score_clients(
    organization_id: int,
    *,
    period_end: date,
    computed_at: datetime,
    first_client: int | None = None,
    last_client: int | None = None,
) -> int:
    """Score the clients of a range of ids, both ends included, and return how many there were.

    Needs the organization's scope. A pure function of events, tasks, feedback and policy: run again it writes
    nothing, and after late events it rewrites the rows that they change. A client that was not there before the
    period end, or was merged into another, has no row.
    """
    organization = Organization.objects.only("timezone").get(pk=organization_id)
    if not FIRST_PERIOD_END <= period_end <= computed_at.astimezone(organization.timezone).date():
        raise UnableToScoreError(f"{period_end} is no day up to today where organization {organization_id} is.")
    hold_policies(organization_id)
    policy = policy_in_force(organization_id, period_end=period_end)
    parameters = _days(period_end) | {
        "organization": organization_id,
        "timezone": organization.timezone.key,
        "policy": policy.pk,
        "computed_at": computed_at,
        "first_client": first_client,
        "last_client": last_client,
    }
    statement = STATEMENT.format(
        clients=client_range("client.id", first_client, last_client),
        rows=client_range("client_id", first_client, last_client),
    )
    with connection.cursor() as cursor:
        cursor.execute(PLAN_AS_USUAL if first_client == last_client is not None else PLAN_FOR_MANY)
        cursor.execute(statement, parameters)
        scored = int(cursor.fetchone()[0])
        cursor.execute(PLAN_AS_USUAL)
        return scored


def client_range(column: str, first: int | None, last: int | None) -> str:
    """The condition that bounds a column by first_client and last_client, both included; None is an open end."""
    bounds = [
        f"{column} >= %(first_client)s" if first is not None else "",
        f"{column} <= %(last_client)s" if last is not None else "",
    ]
    return " AND ".join(filter(None, bounds)) or "true"


def _days(period_end: date) -> dict[str, Any]:
    """The windows: whole days before the period end."""
    feedback_start = period_end - timedelta(days=FEEDBACK_DAYS)
    return {
        "period_end": period_end,
        "days": [period_end - timedelta(days=back) for back in range(1, MONTH_DAYS + 1)],
        "week": period_end - timedelta(days=WEEK_DAYS),
        "week_before": period_end - timedelta(days=2 * WEEK_DAYS),
        "feedback_start": feedback_start,
        **_around("period_end", period_end),
        **_around("feedback_start", feedback_start),
    }


def _around(name: str, day: date) -> dict[str, datetime]:
    midnight = datetime.combine(day, time(), UTC)
    return {f"{name}_begins": midnight - FURTHEST_FROM_UTC, f"{name}_ends": midnight + FURTHEST_FROM_UTC}
