"""Which mails are due: asked as quickly of a million that wait as of ten."""

from datetime import datetime

from django.db import connection

from accounts.tenancy import all_organizations

# Priorities are few. From each the first that are due are read off the index, the highest priority first and the next
# only when it has too few; a scan over all of them would wade through whatever waits for its time with a high one.
LEVELS = """
    WITH RECURSIVE level AS (
        (SELECT priority FROM emails_outboxemail WHERE status IN ('pending', 'claimed', 'calling', 'retry')
         ORDER BY priority DESC LIMIT 1)
        UNION ALL
        SELECT (SELECT mail.priority FROM emails_outboxemail AS mail
                WHERE mail.status IN ('pending', 'claimed', 'calling', 'retry') AND mail.priority < level.priority
                ORDER BY mail.priority DESC LIMIT 1)
        FROM level WHERE level.priority IS NOT NULL
    )
"""
DUE = """
    SELECT mail.id FROM level CROSS JOIN LATERAL (
        SELECT id FROM emails_outboxemail
        WHERE status IN ('pending', 'retry') AND priority = level.priority AND next_attempt_at <= %(now)s
        ORDER BY next_attempt_at LIMIT %(most)s {lock}
    ) AS mail
    LIMIT %(most)s
"""
CLAIM = f"""
    {LEVELS}, due AS MATERIALIZED ({DUE.format(lock="FOR UPDATE SKIP LOCKED")})
    UPDATE emails_outboxemail AS mail
    SET status = 'claimed', attempt = attempt + 1, lease_until = %(lease_until)s
    FROM due WHERE mail.id = due.id
    RETURNING mail.*
"""
COUNT = f"{LEVELS} SELECT count(*) FROM ({DUE.format(lock='')}) AS due"


def due_emails(*, now: datetime, most: int) -> int:
    """How many wait that may go now; counts no further than `most`."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(COUNT, {"now": now, "most": most})
        return int(cursor.fetchone()[0])
