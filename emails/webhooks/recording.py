"""Keeps what providers tell, once, with the mail it is about, and stops sending to who does not want or get mail."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection

from accounts.problems import DATABASE_UNAVAILABLE
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import Word, record_consents
from emails.models import MailActivity, OutboxEmail, Suppression
from emails.models.preferences import Source
from emails.states import mark_sent
from emails.suppression import suppress
from emails.tracking.recording import AT_ONCE_SECONDS, MOST_ROWS
from emails.webhooks.events import Consequence, Told, uid_in

logger = structlog.get_logger(__name__)

# The limits keep each to probes of an index, whatever the planner takes the outbox to be.
# By what we gave along; else by the provider's own id; else by our Message-ID, in whichever organization has it.
FIND = """
    WITH told AS (
        SELECT * FROM jsonb_to_recordset(%(told)s::jsonb)
            AS told (number int, organization bigint, uid uuid, message text, message_uid uuid)
    ), found AS (
        SELECT told.number, mail.id FROM told CROSS JOIN LATERAL (
            SELECT id FROM emails_outboxemail
            WHERE organization_id = told.organization AND uid = told.uid LIMIT 1
        ) mail
        UNION
        SELECT told.number, mail.id FROM told CROSS JOIN LATERAL (
            SELECT id FROM emails_outboxemail WHERE provider_id = told.message AND provider_id <> '' LIMIT 2
        ) mail
        WHERE told.uid IS NULL
        UNION
        SELECT told.number, mail.id FROM told CROSS JOIN accounts_organization organization CROSS JOIN LATERAL (
            SELECT id FROM emails_outboxemail
            WHERE organization_id = organization.id AND uid = told.message_uid LIMIT 1
        ) mail
        WHERE told.uid IS NULL
    )
    SELECT found.number, mail.id, mail.organization_id, mail.client_id, mail.to_address, mail.category,
           mail.status = 'uncertain'
    FROM (SELECT number, min(id) AS id FROM found GROUP BY number HAVING count(*) = 1) found
    JOIN emails_outboxemail mail USING (id)
    WHERE mail.organization_id IS NOT NULL
"""
RECORD = """
    INSERT INTO emails_mailactivity (organization_id, email_id, kind, source, at, is_automatic, link, event_key, detail)
    SELECT mail.organization_id, mail.id, told.kind, 'provider', happened.at,
           told.is_automatic OR (told.kind IN ('opened', 'clicked')
                                 AND coalesce(happened.at < mail.sent_at + make_interval(secs => %(at_once)s), false)),
           told.link, told.event_key, told.detail
    FROM jsonb_to_recordset(%(told)s::jsonb)
        AS told (email bigint, kind text, at timestamptz, is_automatic bool, link text, event_key text, detail text)
    JOIN emails_outboxemail mail ON mail.organization_id = %(organization)s AND mail.id = told.email
    CROSS JOIN LATERAL (SELECT greatest(least(told.at, %(now)s), mail.queued_at) AS at) happened
    WHERE told.kind NOT IN ('opened', 'clicked')
       OR (SELECT count(*) FROM emails_mailactivity kept
           WHERE kept.organization_id = mail.organization_id AND kept.email_id = mail.id AND kept.source = 'provider'
             AND kept.kind = told.kind) < %(most)s
    ON CONFLICT ON CONSTRAINT emails_activity_one_per_event DO NOTHING
    RETURNING at
"""
SUPPRESSED_AS = {
    Consequence.BOUNCED: Suppression.Reason.BOUNCED,
    Consequence.COMPLAINED: Suppression.Reason.COMPLAINED,
}


@dataclass(frozen=True, slots=True)
class AboutMail:
    told: Told
    email_id: int
    organization_id: int
    client_id: int | None
    to_address: str
    category: str
    is_in_doubt: bool


def record_told(events: Sequence[Told], *, at: datetime) -> int:
    """Keep each event once, in the organization of its mail; events of mails that are not here are passed over.

    Returns of how many it failed: those leave nothing behind, so that the provider may tell them again. Raises what
    the database raises when it cannot be reached.
    """
    mails = _mails_of(events)
    plain: dict[int, list[AboutMail]] = defaultdict(list)
    failed = 0
    for mail in mails:
        if mail.told.consequence is Consequence.NONE:
            plain[mail.organization_id].append(mail)
        else:
            failed += not _stops_sending(mail, at=at)
    for organization_id, told in plain.items():
        with organization_scope(organization_id):
            _insert(organization_id, told, at=at)
    _end_doubts(mails, at=at)
    return failed


def _end_doubts(mails: Iterable[AboutMail], *, at: datetime) -> None:
    """A provider that tells what became of a mail has had it, unless it tells that it would not take it."""
    for mail in mails:
        if mail.is_in_doubt and mail.told.kind != MailActivity.Kind.REJECTED:
            with organization_scope(mail.organization_id):
                email = OutboxEmail.objects.get(pk=mail.email_id)
                if email.status == OutboxEmail.Status.UNCERTAIN:
                    mark_sent(email, now=at, provider_id=mail.told.message_id)


def _mails_of(events: Sequence[Told]) -> list[AboutMail]:
    rows = [
        {
            "number": number,
            "organization": told.organization_id,
            "uid": str(told.uid) if told.uid else None,
            "message": told.message_id,
            "message_uid": str(uid) if (uid := uid_in(told.message_id)) else None,
        }
        for number, told in enumerate(events)
    ]
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(FIND, {"told": json.dumps(rows)})
        found = {number: AboutMail(events[number], *mail) for number, *mail in cursor.fetchall()}
    for number, told in enumerate(events):
        if number not in found:
            logger.info("mail_event_of_unknown_mail", kind=told.kind.value, event_key=told.event_key)
    return [found[number] for number in sorted(found)]


def _stops_sending(mail: AboutMail, *, at: datetime) -> bool:
    """Each by itself, with what follows from it in the same transaction: told again, it would follow only once."""
    try:
        with organization_scope(mail.organization_id):
            for happened_at in _insert(mail.organization_id, [mail], at=at):
                _draw_consequence(mail, at=happened_at)
    except DATABASE_UNAVAILABLE:
        raise
    except Exception:
        logger.exception("mail_event_failed", email_id=mail.email_id, event_key=mail.told.event_key)
        return False
    return True


def _insert(organization_id: int, mails: Iterable[AboutMail], *, at: datetime) -> list[datetime]:
    """When those happened that were not known before."""
    rows = [
        {
            "email": mail.email_id,
            "kind": mail.told.kind.value,
            "at": (mail.told.at or at).isoformat(),
            "is_automatic": mail.told.reader.is_automatic,
            "link": mail.told.link,
            "event_key": mail.told.event_key,
            "detail": mail.told.detail,
        }
        for mail in mails
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "told": json.dumps(rows),
                "organization": organization_id,
                "now": at,
                "at_once": AT_ONCE_SECONDS,
                "most": MOST_ROWS,
            },
        )
        return [happened_at for (happened_at,) in cursor.fetchall()]


def _draw_consequence(mail: AboutMail, *, at: datetime) -> None:
    consequence = mail.told.consequence
    if consequence in SUPPRESSED_AS:
        suppress(
            mail.organization_id, mail.to_address, reason=SUPPRESSED_AS[consequence], detail=mail.told.detail, at=at
        )
    if mail.client_id is not None and consequence is not Consequence.BOUNCED:
        # Who complains wants nothing more; who unsubscribes from a mail, no more of its kind.
        only = [mail.category] if mail.category and consequence is Consequence.UNSUBSCRIBED else Category.values
        words = [Word(mail.client_id, Category(category), is_given=False, at=at) for category in only]
        record_consents(mail.organization_id, words, source=Source.PROVIDER)
