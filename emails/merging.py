"""What becomes of a client's mail and what it said about it when it turns out to be another one."""

from typing import Any

from django.db import connection

MERGED = "merged AS (SELECT * FROM unnest(%(formers)s::bigint[], %(owns)s::bigint[]) AS merged (former, own))"
# A no of either stays a no. What they said before is in the log, where nobody rewrites whose word it was.
MERGE_WORDS = f"""
    WITH {MERGED},
    together AS (
        SELECT *, first_value(client_id) OVER stricter AS whose, row_number() OVER stricter AS place,
            max(greatest(changed_at, repeated_at)) OVER (PARTITION BY own, category) AS heard_at
        FROM (
            SELECT own, known.* FROM (SELECT * FROM merged UNION SELECT own, own FROM merged) AS merged (former, own)
            JOIN emails_mailpreference AS known
                ON known.organization_id = %(organization)s AND known.client_id = merged.former
        ) AS known
        WINDOW stricter AS (
            PARTITION BY own, category
            ORDER BY is_agreed, array_position(ARRAY['monthly', 'fortnightly', 'weekly'], frequency::text),
                changed_at DESC, client_id <> own, client_id
        )
    ),
    word AS (SELECT * FROM together WHERE place = 1),
    dropped AS (
        DELETE FROM emails_mailpreference AS known USING merged
        WHERE known.organization_id = %(organization)s AND known.client_id = merged.former
    ),
    kept AS (
        INSERT INTO emails_mailpreference AS known
            (organization_id, client_id, category, is_agreed, frequency, source, changed_at, repeated_at)
        SELECT %(organization)s, own, category, is_agreed, frequency, source, changed_at,
            nullif(heard_at, changed_at)
        FROM word ORDER BY own, category
        ON CONFLICT (organization_id, client_id, category) DO UPDATE SET
            is_agreed = EXCLUDED.is_agreed, frequency = EXCLUDED.frequency, source = EXCLUDED.source,
            changed_at = EXCLUDED.changed_at, repeated_at = EXCLUDED.repeated_at
    )
    INSERT INTO emails_consent (organization_id, client_id, category, is_given, frequency, source, at, detail)
    SELECT %(organization)s, own, category, is_agreed, frequency, source, changed_at,
        jsonb_build_object('mergedFrom', whose)
    FROM word WHERE whose <> own ORDER BY own, category
"""
# All count against the budget as before. Of those of one kind and key the one that got furthest keeps the key; what of
# the others is still to go would be the same message to the same person again.
RENAME_DOUBLED_CONTACTS = f"""
    WITH {MERGED},
    doubled AS (
        SELECT contact.id, contact.client_id, merged.own, row_number() OVER (
            PARTITION BY own, channel, kind, key
            ORDER BY array_position(ARRAY['sent', 'uncertain', 'planned', 'failed', 'skipped'], contact.status::text),
                contact.client_id <> own, contact.id
        ) AS place
        FROM (SELECT * FROM merged UNION SELECT own, own FROM merged) AS merged (former, own)
        JOIN emails_contact AS contact
            ON contact.organization_id = %(organization)s AND contact.client_id = merged.former
    )
    UPDATE emails_contact AS contact SET
        client_id = doubled.own,
        key = left(contact.key, 170) || ' of ' || doubled.client_id,
        status = CASE contact.status WHEN 'planned' THEN 'skipped' ELSE contact.status END,
        reason = CASE contact.status WHEN 'planned' THEN 'client_left' ELSE contact.reason END,
        settled_at = CASE contact.status WHEN 'planned' THEN now() ELSE contact.settled_at END
    FROM doubled
    WHERE contact.organization_id = %(organization)s AND contact.id = doubled.id AND place > 1
"""
MOVE = f"""
    WITH {MERGED}
    UPDATE {{table}} AS moved SET client_id = merged.own FROM merged
    WHERE moved.organization_id = %(organization)s AND moved.client_id = merged.former
"""
# Senders have the mail before its contact.
HOLD_MAILS = f"""
    WITH {MERGED}
    SELECT FROM emails_outboxemail AS mail
    WHERE mail.organization_id = %(organization)s
        AND mail.client_id IN (SELECT former FROM merged UNION SELECT own FROM merged)
    ORDER BY mail.id FOR UPDATE
"""
STATEMENTS = (
    HOLD_MAILS,
    MERGE_WORDS,
    RENAME_DOUBLED_CONTACTS,
    MOVE.format(table="emails_contact"),
    MOVE.format(table="emails_outboxemail"),
)


def merge_mail(organization_id: int, merged: dict[int, int]) -> None:
    """Of each former client to the one it turned out to be: the stricter word, and all contacts and mails.

    In the transaction that merges; needs the organization's scope.
    """
    parameters: dict[str, Any] = {
        "organization": organization_id,
        "formers": list(merged),
        "owns": list(merged.values()),
    }
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, parameters)
