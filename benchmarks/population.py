"""Organizations full of clients with plausible histories, made by the database itself."""

from dataclasses import dataclass
from datetime import date

from django.db import connection, connections

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Organization
from accounts.tenancy import all_organizations, organization_scope

CLIENTS = """
    INSERT INTO accounts_client (organization_id, external_id, name, email, status, signed_up_at, created_at)
    SELECT %(organization)s, 'client-' || n, 'Client ' || n, '', 'active',
           %(period_end)s::date - interval '200 days' + n %% 190 * interval '1 day', now()
    FROM generate_series(1, %(clients)s) n
"""
# About 50 events a client in 30 days on 11 to 19 of them; every fifth client has fallen silent a week ago.
ACTIVITY = """
    INSERT INTO telemetry_dailyactivity
        (organization_id, day, client_id, total, login, page_view, task_completed, content_generated, visual_created,
         voice_interaction, insight_reviewed, export_downloaded, settings_updated, feedback_given, unmapped,
         launch_kit_views, duration_seconds, first_at, last_at)
    SELECT c.organization_id, %(period_end)s::date - day_back, c.id,
           n, 1, n - 1 - n / 2, n / 2 - n / 4, n / 4 - n / 5, n / 5, 0, 0, 0, 0, 0, 0, 0, 0,
           %(period_end)s::date - day_back + time '09:00', %(period_end)s::date - day_back + time '17:00'
    FROM accounts_client c
    CROSS JOIN generate_series(1, 30) day_back
    CROSS JOIN LATERAL (SELECT 1 + (c.id * 7 + day_back * 13) %% 5 + day_back %% 2 AS n) counted
    WHERE c.organization_id = %(organization)s
      AND (c.id * 31 + day_back * 17) %% 100 < 35 + c.id %% 30
      AND (c.id %% 5 > 0 OR day_back > 7)
    ORDER BY 2, 3
"""
FIRST_AND_LAST = """
    INSERT INTO telemetry_clientactivity (organization_id, client_id, first_at, last_at, launch_kit_first_day)
    SELECT organization_id, client_id, min(first_at), max(last_at), min(day) FILTER (WHERE client_id %% 3 = 0)
    FROM telemetry_dailyactivity WHERE organization_id = %(organization)s GROUP BY 1, 2
"""
TASKS = """
    INSERT INTO success_task
        (organization_id, client_id, title, status, is_onboarding, created_at, updated_at, completed_at)
    SELECT c.organization_id, c.id, 'Step ' || n, CASE WHEN done THEN 'done' ELSE 'todo' END, true,
           c.signed_up_at, c.signed_up_at, CASE WHEN done THEN c.signed_up_at + interval '3 days' END
    FROM accounts_client c
    CROSS JOIN generate_series(1, 3) n
    CROSS JOIN LATERAL (SELECT (c.id + n) %% 4 > 0 AS done) answered
    WHERE c.organization_id = %(organization)s
"""
FEEDBACK = """
    INSERT INTO success_feedback (organization_id, client_id, kind, rating, comment, given_at)
    SELECT c.organization_id, c.id, 'nps', c.id %% 11, '', %(period_end)s::date - interval '40 days'
    FROM accounts_client c WHERE c.organization_id = %(organization)s AND c.id %% 4 = 0
"""
STATISTICS = (
    "accounts_client",
    "telemetry_dailyactivity",
    "telemetry_clientactivity",
    "success_task",
    "success_feedback",
    "success_score",
)


@dataclass(frozen=True)
class Population:
    organization: Organization
    write_key: str


def create_organization(slug: str) -> Population:
    with all_organizations():
        organization = Organization.objects.create(
            name=slug, slug=slug, status=Organization.Status.ACTIVE, timezone="UTC"
        )
    with organization_scope(organization.pk):
        key = create_api_key(organization, kind=ApiKey.Kind.WRITE, name="benchmark")
    return Population(organization, key.secret)


def create_silent_clients(organization: Organization, *, clients: int, period_end: date) -> None:
    """Clients without any activity."""
    with organization_scope(organization.pk), connection.cursor() as cursor:
        cursor.execute(CLIENTS, {"organization": organization.pk, "clients": clients, "period_end": period_end})


def create_clients(organization: Organization, *, clients: int, period_end: date) -> None:
    """Clients with activity, onboarding tasks and some feedback; the tables' statistics are brought up to date."""
    values: dict[str, int | date] = {"organization": organization.pk, "clients": clients, "period_end": period_end}
    with organization_scope(organization.pk), connection.cursor() as cursor:
        for statement in (CLIENTS, ACTIVITY, FIRST_AND_LAST, TASKS, FEEDBACK):
            cursor.execute(statement, values)


def analyze() -> None:
    """What autovacuum does in a running installation within a minute."""
    with connections["owner"].cursor() as cursor:
        for name in STATISTICS:
            cursor.execute(f"VACUUM ANALYZE {name}")
