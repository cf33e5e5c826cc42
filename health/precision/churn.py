"""Each rule held against who left: an alert of its kind, open at the period end of a weekly score, is its alarm."""

from collections.abc import Mapping
from datetime import date

from django.db import connection

from health.models import Alert
from success.backtest.lead_time import LeadTimes
from success.backtest.rules import Rule

# From when to when alerts were open as a kind, by their log, in the organization's days. Resolved is not open.
STAYS = """
SELECT organization_id, client_id, kind, begins, coalesce(ends, 'infinity') AS ends FROM (
    SELECT alert.organization_id, alert.client_id,
        CASE WHEN entry.step <> 'resolved' THEN coalesce(entry.after ->> 'kind', alert.kind) END AS kind,
        entry.at AT TIME ZONE organization.timezone AS begins,
        lead(entry.at) OVER (PARTITION BY alert.id ORDER BY entry.at, entry.id) AT TIME ZONE organization.timezone
            AS ends
    FROM health_alertentry AS entry
    JOIN health_alert AS alert ON alert.organization_id = entry.organization_id AND alert.id = entry.alert_id
    JOIN accounts_organization AS organization ON organization.id = alert.organization_id
    WHERE entry.step IN ('opened', 'escalated', 'eased', 'reopened', 'resolved')
) AS step
WHERE kind IS NOT NULL
"""
# The Mondays whose first moment lies in a stay.
MONDAYS = f"""
SELECT stay.client_id, monday::date FROM ({STAYS}) AS stay CROSS JOIN LATERAL generate_series(
    date_trunc('week', begins - interval '1 microsecond') + interval '7 days',
    least(ends - interval '1 microsecond', localtimestamp + interval '1 day'), interval '7 days'
) AS monday
WHERE kind = '{{kind}}'
"""
LEADS = f"""
SELECT stay.kind, churn.churned_on - stay.begins::date AS days, count(*)
FROM success_churn AS churn JOIN ({STAYS}) AS stay USING (organization_id, client_id)
WHERE {{scope}} AND churn.churned_on < %(as_of)s AND stay.begins < churn.churned_on AND stay.ends >= churn.churned_on
GROUP BY stay.kind, days ORDER BY days
"""
CHURNED = "SELECT count(*) FROM success_churn AS churn WHERE {scope} AND churn.churned_on < %(as_of)s"


def alert_rules() -> list[Rule]:
    """For `success.backtest`: read once for all observations, not for each."""
    return [
        Rule(kind.value, f"(observation.client_id, observation.period_end) IN ({MONDAYS.format(kind=kind.value)})")
        for kind in Alert.Kind
    ]


def alert_lead_times(organization_id: int | None, *, as_of: date) -> Mapping[str, LeadTimes]:
    """By kind: how many days clients who left had had an alert of it that was open to the end."""
    scope = "churn.organization_id = %(organization)s" if organization_id is not None else "true"
    parameters = {"organization": organization_id, "as_of": as_of}
    with connection.cursor() as cursor:
        cursor.execute(CHURNED.format(scope=scope), parameters)
        (churned,) = cursor.fetchone()
        cursor.execute(LEADS.format(scope=scope), parameters)
        rows: list[tuple[str, int, int]] = cursor.fetchall()
    warned = {kind: [(days, count) for of, days, count in rows if of == kind] for kind in Alert.Kind}
    return {
        kind.value: LeadTimes(days=days, unwarned=churned - sum(count for _, count in days))
        for kind, days in warned.items()
    }
