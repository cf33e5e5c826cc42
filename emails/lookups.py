"""What the provider knows of mails in doubt: what it told already, and what it can be asked."""

from datetime import datetime, timedelta

import structlog
from django.db import connection

from accounts.tenancy import all_organizations
from emails.lines import Line
from emails.models import OutboxEmail
from emails.states import mark_sent

logger = structlog.get_logger(__name__)

# What was just taken may take a while to be found; what is not found after a day never will be.
LOOKED_FOR = timedelta(days=1)
EVERY = timedelta(minutes=5)
MOST_AT_ONCE = 50

# A webhook is often quicker than the end of a doubt: it came while the call was thought to be under way. What was told
# of an earlier call, before somebody had the mail sent again, says nothing; a minute for clocks that differ.
TOLD = """
    WITH mail AS (
        UPDATE emails_outboxemail AS mail SET status = 'sent', sent_at = %(now)s, error = ''
        WHERE mail.status = 'uncertain' AND EXISTS (
            SELECT FROM emails_mailactivity AS told
            WHERE told.organization_id = mail.organization_id AND told.email_id = mail.id
              AND told.source = 'provider' AND told.kind <> 'rejected'
              AND told.at >= mail.doubtful_since - interval '1 minute' OFFSET 0
        )
        RETURNING mail.organization_id, mail.contact_id
    )
    UPDATE emails_contact AS contact SET status = 'sent', settled_at = %(now)s
    FROM mail WHERE contact.organization_id = mail.organization_id AND contact.id = mail.contact_id
"""


def settle_told(*, now: datetime) -> None:
    """Uncertain mails of which the provider told before they were uncertain have been sent."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(TOLD, {"now": now})


def look_up_doubtful(line: Line, *, now: datetime) -> int:
    """Settle uncertain mails that the provider knows; says how many. Those that it does not know stay uncertain."""
    look_up = line.capability.look_up
    doubtful = _doubtful(line.provider, now=now) if look_up else []
    found = 0
    try:
        for email in doubtful:
            line.open()
            provider_id = look_up(line.backend, email.uid) if look_up else None
            if provider_id:
                mark_sent(email, now=now, provider_id=provider_id)
                found += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, delivery must go on; the next minute asks again
        logger.warning("mail_not_looked_up", error=type(error).__name__)
    return found


def _doubtful(provider: str, *, now: datetime) -> list[OutboxEmail]:
    """Those whose turn it is, which are then not asked about again for a while."""
    with all_organizations():
        uncertain = OutboxEmail.objects.filter(
            status=OutboxEmail.Status.UNCERTAIN,
            provider=provider,
            doubtful_since__gte=now - LOOKED_FOR,
            next_attempt_at__lte=now,
        )
        emails = list(uncertain.order_by("-id")[:MOST_AT_ONCE])
        OutboxEmail.objects.filter(pk__in=[email.pk for email in emails]).update(next_attempt_at=now + EVERY)
    return emails
