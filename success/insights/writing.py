"""The week's insights written: one statement, whether for one client or for all of an organization."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from accounts.models import Organization
from success.insights.expiry import expires_at
from success.insights.rule import Rule
from success.insights.rules import RULES
from success.insights.weeks import WEEKS, days_before
from success.models import Insight
from success.scoring import FIRST_PERIOD_END, PLAN_AS_USUAL, PLAN_FOR_MANY, client_range

TOLD = ("priority", "evidence", "action_url", "expires_at")


class UnableToWriteInsightsError(ValueError):
    """The period end lies in the organization's future, or before there were any."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many clients were looked at, and how many insights their week gives."""

    clients: int
    insights: int


def _due(rule: Rule) -> str:
    evidence = ", ".join(f"'{name}', {column}" for name, column in rule.evidence.items())
    return f"""
    SELECT client_id, '{rule.kind}' AS kind, {rule.priority} AS priority,
        jsonb_build_object('from', %(week)s::date, 'to', %(last_day)s::date, {evidence}) AS evidence,
        %({rule.kind}_action)s AS action_url, %(expires_at)s::timestamptz AS expires_at
    FROM weeks WHERE {rule.holds}"""


def _told(prefix: str) -> str:
    return ", ".join(f"{prefix}{column}" for column in TOLD)


# What the client has seen stays as it was shown; the rest follows the data. Unchanged rows are left out before
# the upsert, which would lock, and so write, each of them.
STATEMENT = f"""
WITH {WEEKS},
due AS MATERIALIZED ({" UNION ALL ".join(map(_due, RULES))}),
stored AS (
    INSERT INTO success_insight AS old (organization_id, client_id, kind, period_end, created_at, {_told("")})
    SELECT %(organization)s, due.client_id, due.kind, %(period_end)s, %(created_at)s, {_told("due.")}
    FROM due
    LEFT JOIN success_insight AS same ON same.organization_id = %(organization)s
        AND same.period_end = %(period_end)s AND same.client_id = due.client_id AND same.kind = due.kind
    WHERE same.id IS NULL
        OR (same.status = '{Insight.Status.UNREAD}' AND ({_told("same.")}) IS DISTINCT FROM ({_told("due.")}))
    ON CONFLICT (organization_id, client_id, period_end, kind) DO UPDATE
    SET {", ".join(f"{column} = excluded.{column}" for column in TOLD)}
    WHERE old.status = '{Insight.Status.UNREAD}' AND ({_told("old.")}) IS DISTINCT FROM ({_told("excluded.")})
),
withdrawn AS (
    DELETE FROM success_insight AS old
    WHERE organization_id = %(organization)s AND period_end = %(period_end)s AND {{rows}}
        AND status = '{Insight.Status.UNREAD}'
        AND NOT EXISTS (SELECT FROM due WHERE due.client_id = old.client_id AND due.kind = old.kind)
)
SELECT (SELECT count(*) FROM weeks), (SELECT count(*) FROM due)
"""


def write_insights(
    organization_id: int,
    *,
    period_end: date,
    created_at: datetime,
    first_client: int | None = None,
    last_client: int | None = None,
) -> Written:
    """Write what the rules make of the week before the period end, for a range of client ids, both ends included.

    Needs the organization's scope, and the scores of that period end: a client without one is told nothing. A
    pure function of scores and activity: run again it writes nothing; after late events it corrects what the
    client has not read, and withdraws what no longer holds. Weeks that would have expired by now give nothing.
    """
    organization = Organization.objects.only("timezone", "app_url").get(pk=organization_id)
    if not FIRST_PERIOD_END <= period_end <= created_at.astimezone(organization.timezone).date():
        raise UnableToWriteInsightsError(f"{period_end} is no day up to today where organization {organization_id} is.")
    expiry = expires_at(period_end, timezone=organization.timezone)
    if expiry <= created_at:
        return Written(0, 0)
    parameters = days_before(period_end) | {
        "organization": organization_id,
        "created_at": created_at,
        "expires_at": expiry,
        "first_client": first_client,
        "last_client": last_client,
        **{f"{rule.kind}_action": rule.action_url(organization.app_url) for rule in RULES},
    }
    with connection.cursor() as cursor:
        cursor.execute(PLAN_AS_USUAL if first_client == last_client is not None else PLAN_FOR_MANY)
        cursor.execute(STATEMENT.format(rows=client_range("client_id", first_client, last_client)), parameters)
        written = Written(*cursor.fetchone())
        cursor.execute(PLAN_AS_USUAL)
        return written
