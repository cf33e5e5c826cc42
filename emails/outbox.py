"""Queueing a mail in the transaction of its cause."""

from datetime import datetime

from django.core.validators import validate_email
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope

QUEUE = """
    INSERT INTO emails_outboxemail (organization_id, kind, key, to_address, subject, text, html, status, attempt,
                                    next_attempt_at, queued_at, error)
    VALUES (%(organization)s, %(kind)s, %(key)s, %(to)s, %(subject)s, %(text)s, %(html)s, 'pending', 0,
            %(queued_at)s, %(queued_at)s, '')
    ON CONFLICT ON CONSTRAINT emails_outbox_one_per_key_and_address DO NOTHING
"""


def queue_email(
    kind: str,
    *,
    key: str,
    to_address: str,
    subject: str,
    text: str,
    queued_at: datetime,
    html: str = "",
    organization: Organization | None = None,
) -> bool:
    """Queue one mail to one address; false when it was queued before, whatever became of it.

    It is sent once the caller's transaction has committed. `organization` is None for mail to operators.
    Raises ValidationError unless `to_address` is exactly one address: Django would take "a@x.org, b@y.org".
    """
    validate_email(to_address)
    scope = organization_scope(organization.pk) if organization else all_organizations()
    with scope, connection.cursor() as cursor:
        cursor.execute(
            QUEUE,
            {
                "organization": organization.pk if organization else None,
                "kind": kind,
                "key": key,
                "to": to_address,
                # A line break in a subject would begin a header.
                "subject": " ".join(subject.split())[:255],
                "text": text,
                "html": html,
                "queued_at": queued_at,
            },
        )
        return bool(cursor.rowcount)
