"""What an organization as a whole has reached, and what the installation has."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import Organization
from success.milestones.measuring import IN_FORCE, OF_A_DAY, SUMS, counted

ACTIVE_DAYS = 30

# The days are summed up only when something that is counted from them is missing. How many clients are active has no
# history: it is reached on the day on which it is noticed.
OF_ORGANIZATION = f"""
WITH missing AS MATERIALIZED (
    SELECT * FROM ({IN_FORCE.format(subject="organization")}) AS in_force
    WHERE NOT EXISTS (
        SELECT FROM success_milestone AS milestone
        JOIN success_milestonedefinition AS definition ON definition.id = milestone.definition_id
        WHERE milestone.organization_id = %(organization)s AND client_id IS NULL AND definition.key = in_force.key
    )
),
days AS (
    SELECT day, {SUMS} FROM (
        SELECT day, {OF_A_DAY} FROM telemetry_dailyactivity
        WHERE organization_id = %(organization)s AND EXISTS (SELECT FROM missing WHERE measure <> 'active_clients')
    ) AS row GROUP BY day
),
reached AS (
    SELECT definition_id, threshold, day, sum({counted("days")}) OVER (PARTITION BY definition_id ORDER BY day) AS value
    FROM missing CROSS JOIN days
    UNION ALL
    SELECT definition_id, threshold, %(today)s, (
        SELECT count(*) FROM telemetry_clientactivity
        WHERE organization_id = %(organization)s
          AND (last_at AT TIME ZONE %(timezone)s)::date >= %(active_from)s
    )
    FROM missing WHERE measure = 'active_clients'
),
inserted AS (
    INSERT INTO success_milestone (organization_id, definition_id, threshold, value, reached_on, detected_at)
    SELECT DISTINCT ON (definition_id) %(organization)s::bigint, definition_id, threshold, value, day, %(detected_at)s
    FROM reached WHERE value >= threshold ORDER BY definition_id, day
    ON CONFLICT (organization_id, client_id, definition_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM inserted
"""

# A simulated organization is none that uses the installation.
OF_INSTALLATION = f"""
WITH inserted AS (
    INSERT INTO success_milestone (definition_id, threshold, value, reached_on, detected_at)
    SELECT definition_id, threshold, active.organizations, %(today)s, %(detected_at)s
    FROM ({IN_FORCE.format(subject="installation")}) AS in_force
    JOIN (
        SELECT count(*) AS organizations FROM accounts_organization WHERE status = 'active' AND NOT is_simulated
    ) AS active ON active.organizations >= threshold
    WHERE measure = 'active_organizations'
    ON CONFLICT (organization_id, client_id, definition_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM inserted
"""


def reach_organization_milestones(organization_id: int, *, detected_at: datetime) -> int:
    """Record what the organization has reached, summed over its clients; how much was new. Needs its scope."""
    organization = Organization.objects.only("timezone").get(pk=organization_id)
    today = detected_at.astimezone(organization.timezone).date()
    return _count(
        OF_ORGANIZATION,
        {
            "organization": organization_id,
            "timezone": organization.timezone.key,
            "detected_at": detected_at,
            "today": today,
            "active_from": today - timedelta(days=ACTIVE_DAYS - 1),
        },
    )


def reach_installation_milestones(*, detected_at: datetime) -> int:
    """The same of the whole installation, by days of UTC. Needs the scope of all organizations."""
    return _count(OF_INSTALLATION, {"organization": None, "today": detected_at.date(), "detected_at": detected_at})


def _count(statement: str, parameters: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])
