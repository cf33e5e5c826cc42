"""Mails with a link that gives access: frozen in the outbox in the transaction of their cause."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from emails.contacts.recording import record_contact
from emails.kinds import MailKind
from emails.outbox import Mail, queue_mails

LONGEST_NAME = 80


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
    known = {code for code, _name in settings.LANGUAGES}
    values = {
        **context,
        "username": one_line(context["username"], longest=150),
        "organization_name": one_line(organization.name),
        "link": f"{settings.BASE_URL}{path}",
    }
    with translation.override(language if language in known else settings.LANGUAGE_CODE):
        subject, text, html = (
            render_to_string(f"emails/{kind.name}/{part}", values) for part in ("subject.txt", "body.txt", "body.html")
        )
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
            subject=subject,
            text=text,
            html=html,
            due_at=queued_at,
            queued_at=queued_at,
            is_secret=True,
        )
        return bool(queue_mails([mail]))


def one_line(text: str, *, longest: int = LONGEST_NAME) -> str:
    return " ".join(text.split())[:longest]
