"""What people decide about mails that went wrong: every decision is in the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import AuditEntry, User

# Who takes part in the update decides: two people at once settle each mail once.
SETTLE = """
    WITH mail AS (
        UPDATE emails_outboxemail SET status = 'sent', sent_at = %(now)s, error = ''
        WHERE id = ANY(%(ids)s) AND status = 'uncertain'
        RETURNING organization_id, id, contact_id
    ), contact AS (
        UPDATE emails_contact AS contact SET status = 'sent', settled_at = %(now)s
        FROM mail WHERE contact.organization_id = mail.organization_id AND contact.id = mail.contact_id
    )
    SELECT organization_id, id FROM mail ORDER BY id
"""
# The doubt is theirs who decided, and whoever still handed the old attempt over has no say in the new one.
SEND = """
    WITH mail AS (
        UPDATE emails_outboxemail
        SET status = 'pending', retries = 0, doubtful_since = NULL, next_attempt_at = %(now)s, valid_until = NULL,
            error = ''
        WHERE id = ANY(%(ids)s) AND status IN ('uncertain', 'failed')
        RETURNING organization_id, id, contact_id
    ), contact AS (
        UPDATE emails_contact AS contact SET status = 'planned', settled_at = NULL
        FROM mail WHERE contact.organization_id = mail.organization_id AND contact.id = mail.contact_id
    )
    SELECT organization_id, id FROM mail ORDER BY id
"""


def settle_as_sent(ids: Sequence[int], *, actor: User, now: datetime) -> int:
    """Somebody has looked at the provider: these uncertain mails did go out. Needs their organizations' scope."""
    return _decide(SETTLE, ids, action="mail.settled_as_sent", actor=actor, now=now)


def send_again(ids: Sequence[int], *, actor: User, now: datetime) -> int:
    """Somebody wants these failed or uncertain mails to go out anew. Needs their organizations' scope.

    The last look is taken all the same; the mail is no longer too late.
    """
    return _decide(SEND, ids, action="mail.sent_again", actor=actor, now=now)


def _decide(statement: str, ids: Sequence[int], *, action: str, actor: User, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids), "now": now})
        decided = cursor.fetchall()
    AuditEntry.objects.bulk_create([_entry(*mail, action=action, actor=actor) for mail in decided])
    return len(decided)


def _entry(organization_id: int | None, mail_id: int, **facts: Any) -> AuditEntry:
    return AuditEntry(organization_id=organization_id, subject=f"emails.OutboxEmail:{mail_id}", **facts)
