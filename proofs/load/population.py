"""Fills an installation with organizations to put load on, and prints their credentials."""

import json
import sys
from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Membership, User
from accounts.tenancy import organization_scope
from benchmarks.messages import CLIENTS
from benchmarks.population import analyze, create_clients, create_organization
from benchmarks.sessions import sign_in
from success.insights.writing import write_insights
from success.milestones.reaching import reach_milestones
from success.scoring import score_clients

ORGANIZATIONS = 4

LOGINS = 25
WEEKS = 4
MAILED = """
    WITH client AS (
        UPDATE accounts_client SET email = external_id || '@' || %(slug)s || '.example.org'
        WHERE organization_id = %(organization)s RETURNING organization_id, id
    ), policy AS (
        INSERT INTO emails_contactpolicy (organization_id, version, note, weekly_cap, send_from_hour, send_until_hour,
                                          business_days_only, created_at)
        VALUES (%(organization)s, 1, '', 3, 0, 24, false, now())
    )
    INSERT INTO emails_mailpreference
        (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT organization_id, id, 'weekly', true, 'weekly', 'api', now() FROM client
"""


def main() -> None:
    made = [populate(f"load-{number}", now=timezone.now()) for number in range(ORGANIZATIONS)]
    analyze()
    json.dump(made, sys.stdout)


def populate(slug: str, *, now: datetime) -> dict[str, object]:
    """An organization of clients with a month of activity, scores of four weeks, mail agreed to, and people."""
    population = create_organization(slug)
    organization, today = population.organization, now.date()
    create_clients(organization, clients=CLIENTS, period_end=today)
    with organization_scope(organization.pk):
        with connection.cursor() as cursor:
            cursor.execute(MAILED, {"organization": organization.pk, "slug": slug})
        secret_key = create_api_key(organization, kind=ApiKey.Kind.SECRET, name="load").secret
        work_through(organization.pk, monday=today - timedelta(days=today.weekday()), now=now)
        return {
            "write_key": population.write_key,
            "secret_key": secret_key,
            "owner": owner_of(organization.pk, slug),
            "logins": [login_of(organization.pk, f"client-{number}") for number in range(1, LOGINS + 1)],
        }


def work_through(organization_id: int, *, monday: date, now: datetime) -> None:
    for week in reversed(range(WEEKS)):
        score_clients(organization_id, period_end=monday - timedelta(weeks=week), computed_at=now)
        write_insights(organization_id, period_end=monday - timedelta(weeks=week), created_at=now)
    reach_milestones(organization_id, detected_at=now)


def owner_of(organization_id: int, slug: str) -> str:
    """The cookie of the organization's owner."""
    user = User.objects.create_user(f"owner-{slug}", is_staff=True)
    Membership.objects.create(organization_id=organization_id, user=user, role=Membership.Role.OWNER)
    return sign_in(user)


def login_of(organization_id: int, external_id: str) -> str:
    """The cookie of a client."""
    user = User.objects.create_user(f"{external_id}-of-{organization_id}")
    Client.objects.filter(organization=organization_id, external_id=external_id).update(user=user)
    return sign_in(user)
