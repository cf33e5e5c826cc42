"""Queueing mails in the transaction of their cause."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.addresses import one_line, validate_headers, validate_one_address
from emails.identity import uid_of

# What tells staff of something to be done: before the mails of a week, after a forgotten password.
NOTICE = 70
LONGEST_SUBJECT = 255
LONGEST_NAME = 200

COLUMNS = """
    organization_id bigint, client_id bigint, contact_id bigint, uid uuid, kind text, key text, category text,
    priority smallint, to_address text, to_name text, from_name text, subject text, text text, html text,
    headers jsonb, links jsonb, is_secret boolean, next_attempt_at timestamptz, valid_until timestamptz,
    queued_at timestamptz
"""
NAMES = [column.split()[0] for column in COLUMNS.split(",")]
# What clients answer goes to the organization where it says so: the sender's address is the installation's.
HEADERS = """
    CASE WHEN mail.client_id IS NOT NULL AND organization.reply_to <> ''
    THEN jsonb_build_object('Reply-To', organization.reply_to) || mail.headers ELSE mail.headers END
"""
# In the order of the unique key, so that two who queue the same mails wait for each other and are never entangled.
QUEUE = f"""
    INSERT INTO emails_outboxemail ({", ".join(NAMES)}, status, attempt, error)
    SELECT {", ".join(HEADERS if name == "headers" else f"mail.{name}" for name in NAMES)}, 'pending', 0, ''
    FROM json_to_recordset(%s::json) AS mail ({COLUMNS})
    LEFT JOIN accounts_organization AS organization ON organization.id = mail.organization_id
    ORDER BY mail.organization_id, mail.kind, mail.key, mail.to_address
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is to be sent, word for word. `organization_id` is None for mail to operators.

    One mail is sent for an organization, kind, key and address, ever; not before `due_at`, and not after `valid_until`.
    Of those that are due a higher priority goes first. Names stand before the addresses. `headers` are further ones;
    `links` are where its tracked links lead. `is_secret` keeps its texts from staff and operators.
    """

    organization_id: int | None
    kind: str
    key: str
    to_address: str
    subject: str
    text: str
    due_at: datetime
    queued_at: datetime
    html: str = ""
    client_id: int | None = None
    contact_id: int | None = None
    category: str = ""
    priority: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    links: Sequence[str] = ()
    valid_until: datetime | None = None
    to_name: str = ""
    from_name: str = ""
    is_secret: bool = False


def queue_mails(mails: Sequence[Mail]) -> int:
    """Queue them in one statement and say how many are new: one that was queued before stays as it is.

    They are sent once the caller's transaction has committed. Nothing is queued and ValidationError raised when an
    address is not exactly one or a header not one line.
    """
    if not mails:
        return 0
    rows = json.dumps([_row_of(mail) for mail in mails])
    with _scope_of(mails), connection.cursor() as cursor:
        cursor.execute(QUEUE, [rows])
        return int(cursor.rowcount)


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
    priority: int = NOTICE,
    headers: Mapping[str, str] | None = None,
    valid_until: datetime | None = None,
    is_secret: bool = False,
) -> bool:
    """Queue one mail that is due at once; false when it was queued before, whatever became of it."""
    mail = Mail(
        organization_id=organization.pk if organization else None,
        kind=kind,
        key=key,
        to_address=to_address,
        subject=subject,
        text=text,
        html=html,
        priority=priority,
        headers=headers or {},
        due_at=queued_at,
        valid_until=valid_until,
        queued_at=queued_at,
        is_secret=is_secret,
    )
    return bool(queue_mails([mail]))


def _scope_of(mails: Sequence[Mail]) -> AbstractContextManager[None]:
    organizations = {mail.organization_id for mail in mails}
    only = organizations.pop() if len(organizations) == 1 else None
    return all_organizations() if only is None else organization_scope(only)


def _row_of(mail: Mail) -> dict[str, object]:
    validate_one_address(mail.to_address)
    headers = dict(mail.headers)
    validate_headers(headers)
    uid = uid_of(mail.organization_id, kind=mail.kind, key=mail.key, to_address=mail.to_address)
    return {
        "organization_id": mail.organization_id,
        "client_id": mail.client_id,
        "contact_id": mail.contact_id,
        "uid": str(uid),
        "kind": mail.kind,
        "key": mail.key,
        "category": str(mail.category),
        "priority": mail.priority,
        "to_address": mail.to_address,
        "to_name": one_line(mail.to_name, longest=LONGEST_NAME),
        "from_name": one_line(mail.from_name, longest=LONGEST_NAME),
        "subject": one_line(mail.subject, longest=LONGEST_SUBJECT),
        "text": _storable(mail.text),
        "html": _storable(mail.html),
        "headers": headers,
        "links": list(mail.links),
        "is_secret": mail.is_secret,
        "next_attempt_at": mail.due_at.isoformat(),
        "valid_until": mail.valid_until.isoformat() if mail.valid_until else None,
        "queued_at": mail.queued_at.isoformat(),
    }


def _storable(text: str) -> str:
    """PostgreSQL stores neither NUL nor half a surrogate pair, and no mail needs them."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
