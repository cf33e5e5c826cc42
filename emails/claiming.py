"""The statement that takes mails up: as quick with a million that wait as with ten."""

# Priorities are few. From each the first that are due are read off the index, the highest priority first and the next
# only when it has too few; a scan over all of them would wade through whatever waits for its time with a high one.
CLAIM = """
    WITH RECURSIVE level AS (
        (SELECT priority FROM emails_outboxemail WHERE status IN ('pending', 'claimed', 'calling', 'retry')
         ORDER BY priority DESC LIMIT 1)
        UNION ALL
        SELECT (SELECT mail.priority FROM emails_outboxemail AS mail
                WHERE mail.status IN ('pending', 'claimed', 'calling', 'retry') AND mail.priority < level.priority
                ORDER BY mail.priority DESC LIMIT 1)
        FROM level WHERE level.priority IS NOT NULL
    ),
    due AS MATERIALIZED (
        SELECT mail.id FROM level CROSS JOIN LATERAL (
            SELECT id FROM emails_outboxemail
            WHERE status IN ('pending', 'retry') AND priority = level.priority AND next_attempt_at <= %(now)s
            ORDER BY next_attempt_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
        ) AS mail
        LIMIT %(most)s
    )
    UPDATE emails_outboxemail AS mail
    SET status = 'claimed', attempt = attempt + 1, lease_until = %(lease_until)s
    FROM due WHERE mail.id = due.id
    RETURNING mail.*
"""
