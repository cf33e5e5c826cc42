"""What is kept when somebody follows a link of a mail or displays it: which mail, what, when, and whether by a machine.

No address of the network and no user agent. A mail has a bounded number of rows, whoever asks how often.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.tenancy import organization_scope
from emails.models import MailActivity, OutboxEmail
from emails.tracking.links import page_of
from emails.tracking.readers import Reader

Kind = MailActivity.Kind

# Faster after the sending than any person.
AT_ONCE_SECONDS = 10
# Several links of a mail within this time were not followed by one pair of hands.
BURST_SECONDS = 1
# Rows of a mail and kind; what comes after them is not kept.
MOST_ROWS = 100

RECORD = """
    INSERT INTO emails_mailactivity (organization_id, email_id, kind, source, at, is_automatic, link, event_key, detail)
    SELECT mail.organization_id, mail.id, %(kind)s, 'own', %(at)s, judged.is_automatic, %(link)s,
           CASE WHEN judged.is_automatic THEN 'machine ' ELSE '' END || %(moment)s, %(reader)s
    FROM emails_outboxemail mail
    CROSS JOIN LATERAL (
        SELECT %(is_automatic)s OR coalesce(%(at)s < mail.sent_at + make_interval(secs => %(at_once)s),
                                            mail.status IN ('pending', 'claimed', 'calling', 'retry')) AS is_automatic
    ) judged
    WHERE mail.organization_id = %(organization)s AND mail.uid = %(uid)s
      AND (SELECT count(*) FROM emails_mailactivity told
           WHERE told.organization_id = mail.organization_id AND told.email_id = mail.id AND told.source = 'own'
             AND told.kind = %(kind)s) < %(most)s
    ON CONFLICT ON CONSTRAINT emails_activity_one_per_event DO NOTHING
    RETURNING email_id
"""
# A key holds the number of the link. It is changed, so that a person's click of the same minute is still another event.
JUDGE_BURST = r"""
    UPDATE emails_mailactivity SET is_automatic = true, event_key = 'machine ' || event_key || ' ' || id
    WHERE id IN (
        SELECT click.id
        FROM emails_mailactivity click CROSS JOIN make_interval(secs => %(burst)s) AS burst (length)
        WHERE click.organization_id = %(organization)s AND click.email_id = %(email)s AND click.source = 'own'
          AND click.kind = 'clicked' AND NOT click.is_automatic
          AND click.at BETWEEN %(at)s - burst.length AND %(at)s + burst.length
          AND EXISTS (SELECT FROM emails_mailactivity other
                      WHERE other.organization_id = click.organization_id AND other.email_id = click.email_id
                        AND other.source = 'own' AND other.kind = 'clicked'
                        AND substring(other.event_key FROM '(\d+) ') <> substring(click.event_key FROM '(\d+) ')
                        AND other.at BETWEEN click.at - burst.length AND click.at + burst.length)
        ORDER BY click.id FOR UPDATE OF click
    )
"""


@dataclass(frozen=True, slots=True)
class MailName:
    """What an address says of its mail."""

    organization_id: int
    uid: UUID


def target_of(name: MailName, *, number: int) -> str | None:
    """Where a link of a mail was meant to lead when the mail was queued; None where there is no such mail or link."""
    with organization_scope(name.organization_id):
        mails = OutboxEmail.objects.filter(organization_id=name.organization_id, uid=name.uid)
        links = mails.values_list("links", flat=True).first() or []
    return links[number] if number < len(links) else None


def record_click(name: MailName, *, number: int, target: str, reader: Reader, at: datetime) -> None:
    """One row for a link and minute, and another when a machine followed it in the same minute."""
    email_id = _record(
        name, Kind.CLICKED, moment=f"{number} {at:%Y-%m-%dT%H:%M}", link=page_of(target), reader=reader, at=at
    )
    if email_id is None:
        return
    # In a transaction after that of the row: of two clicks at once, whichever looks last sees both.
    with organization_scope(name.organization_id), connection.cursor() as cursor:
        cursor.execute(
            JUDGE_BURST, {"organization": name.organization_id, "email": email_id, "at": at, "burst": BURST_SECONDS}
        )


def record_open(name: MailName, *, reader: Reader, at: datetime) -> None:
    """One row for an hour, and another when a machine looked in the same hour. Nothing where there is no such mail."""
    _record(name, Kind.OPENED, moment=f"{at:%Y-%m-%dT%H}", link="", reader=reader, at=at)


def _record(name: MailName, kind: Kind, *, moment: str, link: str, reader: Reader, at: datetime) -> int | None:
    with organization_scope(name.organization_id), connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "organization": name.organization_id,
                "uid": name.uid,
                "kind": kind.value,
                "at": at,
                "link": link,
                "moment": moment,
                "reader": reader.name,
                "is_automatic": reader.is_automatic,
                "at_once": AT_ONCE_SECONDS,
                "most": MOST_ROWS,
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None
