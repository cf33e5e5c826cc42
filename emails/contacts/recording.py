"""Messages that need no decision, as somebody asked for them, in the ledger all the same."""

from datetime import datetime

from django.db import connection

from emails.kinds import MailKind
from emails.models import Contact

RECORD = """
    INSERT INTO emails_contact AS known (organization_id, client_id, channel, kind, key, category, priority,
                                         is_budgeted, decided_at, due_at, status, reason)
    VALUES (%(organization)s, %(client)s, %(channel)s, %(kind)s, %(key)s, %(category)s, %(priority)s, %(is_budgeted)s,
            %(at)s, %(at)s, 'planned', '')
    ON CONFLICT ON CONSTRAINT emails_contact_one_per_key DO UPDATE SET key = known.key
    RETURNING id
"""


def record_contact(
    organization_id: int,
    client_id: int,
    *,
    kind: MailKind,
    key: str,
    at: datetime,
    channel: Contact.Channel = Contact.Channel.EMAIL,
) -> int:
    """The id of the planned contact, due at once; of the one that is known already for this kind and key.

    Needs the organization's scope, in the transaction that queues the message. The outcome follows from that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "organization": organization_id,
                "client": client_id,
                "channel": channel,
                "kind": kind.name,
                "key": key,
                "category": str(kind.category),
                "priority": kind.priority,
                "is_budgeted": kind.is_budgeted,
                "at": at,
            },
        )
        return int(cursor.fetchone()[0])
