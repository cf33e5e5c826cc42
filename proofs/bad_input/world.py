"""Whom the poisoned requests come from, and what they are about: run with Django set up, prints JSON.

An organization with a row of every model, an owner, an operator and a client of it who are signed in, and the links
that are handed out by mail.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.api_keys import create_api_key, digest
from accounts.logins import password_link
from accounts.models import ApiKey, Client, Invitation, Membership, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from emails.models import OutboxEmail
from emails.preference_links import preferences_url, unsubscribe_url
from emails.tracking.links import tracked
from success.feedback.links import feedback_link
from success.models import Feedback
from telemetry.incoming import IncomingEvent
from telemetry.models import QuarantinedEvent
from telemetry.recording import record_events
from tests.factories import MembershipFactory, OrganizationFactory, UserFactory
from tests.gates.rows import MONDAY, make_rows
from tests.gates.test_outsiders import ids_of, session_of

TOKEN = "a" * 32


def main() -> None:
    organization = OrganizationFactory.create(slug="proof", name="Proof")
    make_rows(organization)
    ids = ids_of(organization)
    bystander = UserFactory.create(username="bystander")
    owner = MembershipFactory.create(
        organization=organization, role=Membership.Role.OWNER, user=UserFactory.create(username="owner", is_staff=True)
    ).user
    operator = UserFactory.create(username="operator", is_staff=True, is_superuser=True)
    with all_organizations():
        client = Client.objects.get(external_id=ids["client"])
        other = Client.objects.exclude(pk=client.pk).latest("pk")
        client.user = UserFactory.create(username="client")
        client.email = "client@example.com"
        client.save()
        links = links_of(organization, client)
        # The gate's row holds no message, which would be no bad input but a bad row.
        QuarantinedEvent.objects.filter(organization=organization).delete()
    quarantine_event(organization)
    keys = keys_of(organization)
    told = {
        "credentials": keys | {user.username: cookies_of(user) for user in (owner, operator, client.user)},
        "csrf": [f"Cookie: {settings.CSRF_COOKIE_NAME}={TOKEN}", f"X-CSRFToken: {TOKEN}"],
        "write_key": keys["write_key"][0].rpartition(" ")[2],
        "people": people_of(owner, operator, client.user),
        "sessions": list(Session.objects.values("session_key", "session_data")),
        "bystanders": {"user": bystander.pk, "client": other.pk},
        "client": {"id": client.pk, "user": client.user.pk},
        "ids": ids | {"period_end": MONDAY.isoformat()},
        "links": links,
    }
    print(json.dumps(told))


def people_of(*users: User) -> list[dict[str, Any]]:
    """As they are to be made again, when a request took something from them."""
    kept = ("id", "username", "password", "is_active", "is_staff", "is_superuser")
    return list(User.objects.filter(pk__in=[user.pk for user in users]).values(*kept))


def keys_of(organization: Organization) -> dict[str, list[str]]:
    with organization_scope(organization.pk):
        keys = {f"{kind}_key": create_api_key(organization, kind=kind, name="proof").secret for kind in ApiKey.Kind}
    return {name: [f"Authorization: Bearer {secret}"] for name, secret in keys.items()} | {
        "cron_secret": [f"Authorization: Bearer {settings.CRON_SECRET}"]
    }


def cookies_of(user: User) -> list[str]:
    """With the token against forgery in cookie and header, so that whatever body gets past it."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(user)}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    return [f"Cookie: {cookie}", f"X-CSRFToken: {TOKEN}"]


def quarantine_event(organization: Organization) -> None:
    now = datetime.now(UTC)
    event = IncomingEvent(message_id="late", call="track", name="login", external_id="user-1", stated_at="nonsense")
    record_events(organization.pk, [event], received_at=now)


def links_of(organization: Organization, client: Client) -> dict[str, str]:
    """The paths that stand in mails, by the names of their addresses."""
    now = datetime.now(UTC)
    email = OutboxEmail.objects.create(
        organization=organization, client=client, kind="gate", key="proof", to_address="client@example.com",
        subject="Proof", text="", next_attempt_at=now, queued_at=now, uid=uuid4(), links=["https://example.com/"],
    )  # fmt: skip
    invited = "invited-0123456789"
    Invitation.objects.create(
        organization=organization, client=client, email=client.email, digest=digest(invited), sent_at=now,
        expires_at=now + timedelta(days=7),
    )  # fmt: skip
    html = tracked('<a href="https://example.com/">x</a>', organization_id=organization.pk, uid=email.uid).html
    click, picture = (html.split(f'="{settings.BASE_URL}')[at].partition('"')[0] for at in (1, 2))
    return {
        "mail-click": click,
        "mail-open": picture,
        "mail-preferences": urlsplit(preferences_url(organization.pk, client.pk)).path,
        "mail-unsubscribe": urlsplit(unsubscribe_url(organization.pk, client.pk, "weekly")).path,
        "feedback-link": feedback_link(client, Feedback.Kind.NPS, at=now - timedelta(minutes=1)),
        "client-invitation": f"/invitation/{invited}",
        "set-password": password_link(UserFactory.create(username="forgetful")),
    }
