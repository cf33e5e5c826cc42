"""Clients whose events are stored one by one, added to an organization by the database itself.

Ten events a client, in bursts of three on a day: a share of clients has been silent for two days and longer. What
derives from the events is derived by the product. Who is in the first tenth has agreed to the weekly mail.
"""

from datetime import datetime, timedelta

from django.db import connection, connections

from accounts.models import Organization
from accounts.tenancy import organization_scope
from telemetry.partitions import create_partitions
from telemetry.rebuilding import rebuild_activity

LONGEST_PAST = timedelta(days=130)
AGREE_OF_A_HUNDRED = 10

CLIENTS = """
    INSERT INTO accounts_client (organization_id, external_id, name, email, status, signed_up_at, created_at)
    SELECT %(organization)s, 'client-' || n, 'Ada Lovelace ' || n, 'client-' || n || '@' || %(domain)s, 'active',
           %(until)s::timestamptz - interval '200 days' + n %% 100 * interval '1 day', %(until)s
    FROM generate_series(%(first)s, %(last)s) AS n
    RETURNING id
"""
NEW = "client.organization_id = %(organization)s AND client.id > %(after)s"
EVENTS = f"""
    INSERT INTO telemetry_event (organization_id, client_id, message_id, call, name, base_type, category, success, data,
        page_path, session_id, anonymous_id, occurred_at, received_at, received_month)
    SELECT client.organization_id, client.id, gen_random_uuid(), 'track', event.name,
        CASE WHEN event.name = 'Report Opened' THEN '' ELSE event.name END, 'engagement', true,
        '{{"path": "/reports/42", "seconds": 12}}', CASE WHEN event.name = 'page_view' THEN '/reports/42' ELSE '' END,
        '', '', event.at, event.at + interval '1 second',
        date_trunc('month', (event.at + interval '1 second') AT TIME ZONE 'UTC')
    FROM accounts_client AS client
    CROSS JOIN LATERAL (SELECT CASE
        WHEN client.id * 37 %% 100 < 70 THEN client.id * 7 %% 46
        WHEN client.id * 37 %% 100 < 90 THEN 48 + client.id * 7 %% 400
        ELSE 500 + client.id * 7 %% 1000 END AS silent_hours) AS past
    CROSS JOIN LATERAL generate_series(0, client.id * 11 %% 19) AS number
    CROSS JOIN LATERAL (SELECT %(until)s - past.silent_hours * interval '1 hour'
        - number / 3 * (1 + client.id %% 7) * interval '1 day' - number %% 3 * interval '9 minutes' AS at,
        (ARRAY['page_view', 'task_completed', 'login', 'content_generated', 'Report Opened', 'visual_created'])
            [1 + (client.id + number) %% 6] AS name) AS event
    WHERE {NEW}
"""
TASKS = f"""
    INSERT INTO success_task
        (organization_id, client_id, title, status, is_onboarding, created_at, updated_at, completed_at)
    SELECT client.organization_id, client.id, 'Step ' || number, CASE WHEN done THEN 'done' ELSE 'todo' END, true,
        client.signed_up_at, client.signed_up_at, CASE WHEN done THEN client.signed_up_at + interval '3 days' END
    FROM accounts_client AS client CROSS JOIN generate_series(1, 3) AS number
    CROSS JOIN LATERAL (SELECT (client.id + number) %% 4 > 0 AS done) AS answered
    WHERE {NEW}
"""
FEEDBACK = f"""
    INSERT INTO success_feedback (organization_id, client_id, kind, rating, comment, given_at)
    SELECT client.organization_id, client.id, 'nps', client.id %% 11, '', %(until)s - interval '40 days'
    FROM accounts_client AS client WHERE {NEW} AND client.id %% 4 = 0
"""
CONSENT = f"""
    INSERT INTO emails_mailpreference
        (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT client.organization_id, client.id, 'weekly', true, 'weekly', 'api', %(until)s - interval '60 days'
    FROM accounts_client AS client WHERE {NEW} AND client.id %% 100 < %(agree)s
"""
LAST_CLIENT = "SELECT coalesce(max(id), 0) FROM accounts_client WHERE organization_id = %(organization)s"


def add_clients(organization: Organization, *, first: int, last: int, until: datetime) -> None:
    """Add client-`first` to client-`last`, whose newest events are from just before `until`."""
    values: dict[str, int | str | datetime] = {
        "organization": organization.pk,
        "first": first,
        "last": last,
        "until": until,
        "domain": f"{organization.slug}.example",
        "agree": AGREE_OF_A_HUNDRED,
    }
    create_partitions((until - LONGEST_PAST).date().replace(day=1), months=6)
    with organization_scope(organization.pk):
        with connection.cursor() as cursor:
            cursor.execute(LAST_CLIENT, values)
            values["after"] = cursor.fetchone()[0]
            for statement in (CLIENTS, EVENTS, TASKS, FEEDBACK, CONSENT):
                cursor.execute(statement, values)
        rebuild_activity(organization.pk)


def vacuum() -> None:
    """What autovacuum does in a running installation by and by, with the statistics of all tables."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET client_min_messages = error")
        cursor.execute("VACUUM ANALYZE")
