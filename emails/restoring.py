"""Mail after the database was restored from a backup: what was sent after that was taken must not be sent again."""

from datetime import datetime

from django.db import connection

from accounts.tenancy import all_organizations
from emails.lines import Line

HELD = "The database was restored: it may have been sent between the backup and the failure."
# What was due while the database still worked, and what the work that was lost has queued anew. A provider that knows
# the key of the first call takes none twice; the others are asked, or people settle it.
HOLD = """
    WITH mail AS (
        UPDATE emails_outboxemail SET
            status = CASE WHEN least(doubtful_since, %(lost_from)s) >= %(remembered_from)s
                          AND (doubtful_since IS NULL OR provider = %(provider)s) THEN 'retry' ELSE 'uncertain' END,
            doubtful_since = least(doubtful_since, %(lost_from)s),
            provider = %(provider)s,
            lease_until = NULL,
            error = %(error)s
        WHERE status IN ('pending', 'claimed', 'calling', 'retry')
          AND (next_attempt_at < %(lost_until)s OR queued_at >= %(lost_until)s)
          AND doubtful_since IS DISTINCT FROM %(lost_from)s
        RETURNING organization_id, contact_id, status
    ), contact AS (
        UPDATE emails_contact AS contact SET status = 'uncertain', reason = '', settled_at = %(now)s
        FROM mail WHERE mail.status = 'uncertain' AND contact.organization_id = mail.organization_id
            AND contact.id = mail.contact_id
    )
    SELECT count(*) FILTER (WHERE status = 'retry'), count(*) FILTER (WHERE status = 'uncertain') FROM mail
"""


def hold_mail(*, lost_from: datetime, lost_until: datetime, now: datetime) -> tuple[int, int]:
    """Take every mail that may have been sent in the time that was lost for one whose call has begun.

    Returns how many the provider will tell apart by their keys, and how many are uncertain from now on. To be called
    while nothing is sent, before and after the lost work is done again; calling it again changes nothing.
    """
    with Line() as line:
        lasts, provider = line.capability.key_lasts, line.provider
    facts = {
        "lost_from": lost_from,
        "lost_until": lost_until,
        "remembered_from": now - lasts if lasts else None,
        "provider": provider,
        "error": HELD,
        "now": now,
    }
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(HOLD, facts)
        by_key, uncertain = cursor.fetchone()
    return by_key, uncertain
