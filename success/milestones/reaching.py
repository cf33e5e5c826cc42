"""Finding what clients have reached, and recording it: one statement for one client or for all of an organization."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import Organization
from success.milestones.measuring import DAYS_OF_CLIENTS, DAYS_OF_RANGE, IN_FORCE, ONBOARDING, SUMS, counted

# Events come late: what they say of the day on which something was reached is looked at again for so long.
RECHECKED = timedelta(days=31)

# A key is reached once, whichever definition stood for it then. Only what is missing, or was recorded lately, has
# its day looked for: the day at whose end the running total was there, and that total.
STATEMENT = f"""
WITH in_force AS MATERIALIZED ({IN_FORCE.format(subject="client")}),
recorded AS MATERIALIZED (
    SELECT milestone.id AS milestone_id, client_id, key, definition_id, reached_on, value, detected_at
    FROM success_milestone AS milestone JOIN success_milestonedefinition AS definition ON definition.id = definition_id
    WHERE milestone.organization_id = %(organization)s AND {{rows}}
),
days AS {{kept}} ({{days}}),
due AS MATERIALIZED (
    SELECT client_id, in_force.definition_id, measure, in_force.threshold
    FROM (SELECT client_id, {SUMS} FROM days GROUP BY client_id) AS total
    JOIN in_force ON {counted("total")} >= threshold
    LEFT JOIN recorded USING (client_id, key)
    WHERE milestone_id IS NULL
       OR (recorded.definition_id = in_force.definition_id AND detected_at >= %(rechecked_from)s)
),
running AS (
    SELECT client_id, definition_id, threshold, day,
        sum(amount) OVER (PARTITION BY client_id, definition_id ORDER BY day) AS value
    FROM (
        SELECT client_id, definition_id, threshold, day, {counted("days")} AS amount
        FROM due JOIN days USING (client_id) OFFSET 0
    ) AS step
),
reached AS (
    SELECT client_id, definition_id, day, value FROM running WHERE value >= threshold
    UNION ALL
    SELECT client_id, definition_id, day, percent
    FROM ({ONBOARDING}) AS onboarding JOIN in_force ON measure = 'onboarding_percent' AND percent >= threshold
    UNION ALL
    SELECT client_id, definition_id, period_end, overall
    FROM success_score JOIN in_force ON measure = 'score' AND overall >= threshold
    WHERE organization_id = %(organization)s AND {{rows}}
),
news AS MATERIALIZED (
    SELECT first.client_id, first.definition_id, threshold, first.day, first.value, milestone_id
    FROM (
        SELECT DISTINCT ON (client_id, definition_id) * FROM reached ORDER BY client_id, definition_id, day
    ) AS first
    JOIN in_force USING (definition_id)
    JOIN accounts_client AS client ON client.organization_id = %(organization)s AND client.id = first.client_id
        AND client.merged_into_id IS NULL
    LEFT JOIN recorded ON recorded.client_id = first.client_id AND recorded.key = in_force.key
    WHERE milestone_id IS NULL
       OR (recorded.definition_id = first.definition_id AND detected_at >= %(rechecked_from)s
           AND (first.day, -first.value) < (reached_on, -recorded.value))
),
corrected AS (
    UPDATE success_milestone AS milestone SET reached_on = news.day, value = news.value
    FROM news WHERE milestone.organization_id = %(organization)s AND milestone.id = news.milestone_id
),
inserted AS (
    INSERT INTO success_milestone
        (organization_id, client_id, definition_id, threshold, value, reached_on, detected_at)
    SELECT %(organization)s, client_id, definition_id, threshold, value, day, %(detected_at)s
    FROM news WHERE milestone_id IS NULL ORDER BY client_id, definition_id
    ON CONFLICT (organization_id, client_id, definition_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM inserted
"""

# What is due cannot be estimated: a loop over it would look a client's days up for each.
PLAN_FOR_MANY = "SELECT set_config('work_mem', '256MB', true), set_config('enable_nestloop', 'off', true)"
PLAN_AS_USUAL = "SELECT set_config('enable_nestloop', 'on', true)"


def reach_milestones(
    organization_id: int,
    *,
    detected_at: datetime,
    clients: Sequence[int] | None = None,
    first_client: int | None = None,
    last_client: int | None = None,
) -> int:
    """Record what these clients, a range of ids (both ends included) or all clients have reached; how much was new.

    Needs the organization's scope. What was reached is never taken back, and run again it adds nothing. The rows
    are those that the data says, whenever and however often it is run: a late event moves the day of what was
    detected in the last RECHECKED to an earlier one.
    """
    organization = Organization.objects.only("timezone").get(pk=organization_id)
    parameters: dict[str, Any] = {
        "organization": organization_id,
        "timezone": organization.timezone.key,
        "detected_at": detected_at,
        "rechecked_from": detected_at - RECHECKED,
        "clients": None if clients is None else list(clients),
        "first_client": first_client,
        "last_client": last_client,
    }
    with connection.cursor() as cursor:
        cursor.execute(PLAN_FOR_MANY if clients is None else PLAN_AS_USUAL)
        cursor.execute(_statement(clients, first_client, last_client), parameters)
        reached = int(cursor.fetchone()[0])
        cursor.execute(PLAN_AS_USUAL)
        return reached


def _statement(clients: Sequence[int] | None, first: int | None, last: int | None) -> str:
    bounds = [
        "client_id = ANY(%(clients)s)" if clients is not None else "client_id IS NOT NULL",
        *(["client_id >= %(first_client)s"] if first is not None else []),
        *(["client_id <= %(last_client)s"] if last is not None else []),
    ]
    rows = " AND ".join(bounds)
    days = (DAYS_OF_RANGE if clients is None else DAYS_OF_CLIENTS).format(rows=rows)
    return STATEMENT.format(rows=rows, days=days, kept="NOT MATERIALIZED" if clients is None else "MATERIALIZED")
