"""Mails with a link that gives access: frozen in the outbox in the transaction of their cause."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from emails.contacts.recording import record_contact
from emails.kinds import MailKind
from emails.names import shown_name
from emails.outbox import Mail, queue_mails
from emails.rendering import render


def queue_access_mail(
    kind: MailKind,
    *,
    key: str,
    to_address: str,
    organization: Organization,
    client: Client | None,
    language: str,
    path: str,
    context: Mapping[str, Any],
    queued_at: datetime,
) -> bool:
    """Queue templates/emails/<kind> in a language ("": the installation's); false when this key was queued before.

    What goes to a client (None: to a member) stands in the ledger of contacts too. Of what others can write only the
    organization's and the user's name stand in the mail, each on one line.
    """
    values = {
        **context,
        "username": shown_name(context["username"], longest=150),
        "organization_name": shown_name(organization.name),
        "is_simulated": organization.is_simulated,
        "link": f"{settings.BASE_URL}{path}",
    }
    rendered = render(kind.name, values, language=language, timezone=organization.timezone)
    with organization_scope(organization.pk):
        contact = record_contact(organization.pk, client.pk, kind=kind, key=key, at=queued_at) if client else None
        mail = Mail(
            organization_id=organization.pk,
            client_id=client.pk if client else None,
            contact_id=contact,
            kind=kind.name,
            key=key,
            priority=kind.priority,
            to_address=to_address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            due_at=queued_at,
            queued_at=queued_at,
            is_secret=True,
        )
        return bool(queue_mails([mail]))
