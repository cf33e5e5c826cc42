"""An organization with a past, written by SQL that the former release's schema takes: a million events and more."""

import json

from proofs.installation import Installation

EVENTS_OF_A_CLIENT = 50
CLIENTS = """
    INSERT INTO accounts_client (organization_id, external_id, name, email, status, signed_up_at, created_at)
    SELECT id, 'client-' || n, 'Client ' || n, 'client-' || n || '@example.org', 'active',
           now() - interval '200 days', now() - interval '200 days'
    FROM accounts_organization, generate_series(0, {clients} - 1) n WHERE slug = 'proof'
"""
# Every fifth client has been silent for ten days.
EVENTS = """
    INSERT INTO telemetry_event
        (organization_id, client_id, message_id, call, name, base_type, category, success, data, page_path, session_id,
         anonymous_id, occurred_at, received_at, received_month)
    SELECT organization_id, id, 'past-' || id || '-' || n, 'track', kind, kind, 'engagement', true,
           jsonb_build_object('document', n), '/reports/' || n, '', '', at, now(),
           date_trunc('month', now() AT TIME ZONE 'UTC')::date
    FROM accounts_client
    CROSS JOIN generate_series(1, {each}) n
    CROSS JOIN LATERAL (SELECT
        now() - interval '1 hour' - (n * 39 / {each} + id % 5 / 4 * 10) * interval '1 day' AS at,
        (ARRAY['login', 'page_view', 'task_completed', 'content_generated', 'visual_created'])[1 + (id + n) % 5] AS kind
    ) made
"""
TASKS = """
    INSERT INTO success_task (organization_id, client_id, title, status, is_onboarding, created_at, updated_at)
    SELECT organization_id, id, 'Step ' || n, CASE WHEN (id + n) % 4 = 0 THEN 'in_progress' ELSE 'todo' END, true,
           now() - interval '20 days', now() - interval '20 days'
    FROM accounts_client CROSS JOIN generate_series(1, 3) n
"""
# A year of notices to staff, and some that are due in the next minutes.
MAILS = """
    INSERT INTO emails_outboxemail
        (organization_id, kind, key, to_address, subject, text, html, status, attempt, next_attempt_at, queued_at,
         sent_at, error)
    SELECT o.id, 'proof_notice', n::text, 'staff-' || n % 50 || '@example.com', 'Notice ' || n,
           repeat('Somebody has been silent for a while. ', 40), repeat('<p>Somebody has been silent.</p>', 80),
           CASE WHEN n < {due} THEN 'pending' ELSE 'sent' END, CASE WHEN n < {due} THEN 0 ELSE 1 END,
           now() + n * interval '1 second', now() - n * interval '20 minutes',
           CASE WHEN n < {due} THEN NULL ELSE now() - n * interval '20 minutes' END, ''
    FROM accounts_organization o, generate_series(0, {mails} - 1) n WHERE o.slug = 'proof'
"""
# With the former release's own code: sessions of a client, a member and an operator.
PEOPLE = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import Client, Membership, Organization, User
from accounts.tenancy import all_organizations

def cookie(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"

client = User.objects.create_user("client-1")
member = User.objects.create_user("member", email="member@example.com", is_staff=True)
operator = User.objects.create_superuser("operator", email="operator@example.com")
with all_organizations():
    organization = Organization.objects.get(slug="proof")
    Client.objects.filter(organization=organization, external_id="client-1").update(user=client)
    Membership.objects.create(organization=organization, user=member, role=Membership.Role.OWNER)
print(json.dumps({"client": cookie(client), "member": cookie(member), "operator": cookie(operator)}))
"""


def populate(ours: Installation, *, events: int, mails: int, due: int) -> dict[str, str]:
    """Keys and cookies by whose they are."""
    keys = json.loads(ours.manage("create_organization", "proof", "--json"))
    sizes = {"clients": events // EVENTS_OF_A_CLIENT, "each": EVENTS_OF_A_CLIENT, "mails": mails, "due": due}
    for statement in (CLIENTS, EVENTS, TASKS, MAILS):
        ours.change(statement.format(**sizes))
    ours.manage("rebuild_activity")
    cookies = json.loads(ours.manage("shell", "--no-imports", "--command", PEOPLE))
    return {**keys, **cookies}
