"""The states of a mail on its way out. Every step is one conditional UPDATE: whoever changes the row has it.

`calling` is committed just before the provider is called. Whoever is killed after that leaves a mail of which
nobody can know whether it went out: it becomes uncertain and is settled by hand, never sent twice by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from accounts.tenancy import all_organizations
from emails.models import OutboxEmail

Status = OutboxEmail.Status

LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 8
FIRST_RETRY = timedelta(minutes=1)

CLAIM = """
    UPDATE emails_outboxemail SET status = 'claimed', attempt = attempt + 1, lease_until = %(lease_until)s
    WHERE id = (SELECT id FROM emails_outboxemail
                WHERE status IN ('pending', 'retry') AND next_attempt_at <= %(now)s
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


def release_expired(*, now: datetime) -> None:
    """Take back what a killed sender had: before the call it is tried again, after it nobody knows."""
    with all_organizations():
        expired = OutboxEmail.objects.filter(lease_until__lt=now)
        expired.filter(status=Status.CLAIMED).update(status=Status.RETRY, next_attempt_at=now, lease_until=None)
        expired.filter(status=Status.CALLING).update(
            status=Status.UNCERTAIN, lease_until=None, error="The sender was killed while handing it over."
        )


def claim_email(*, now: datetime) -> OutboxEmail | None:
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "lease_until": now + LEASE})
        row = cursor.fetchone()
        return OutboxEmail.objects.get(pk=row[0]) if row else None


def begin_call(email: OutboxEmail, *, now: datetime) -> bool:
    """To be committed before the provider is called; false when the lease was lost meanwhile."""
    return _step(email, Status.CLAIMED, now=now, status=Status.CALLING, lease_until=now + LEASE)


def mark_sent(email: OutboxEmail, *, now: datetime) -> None:
    _step(email, Status.CALLING, now=now, status=Status.SENT, sent_at=now, lease_until=None, error="")


def mark_failed(email: OutboxEmail, *, error: str, now: datetime) -> None:
    """It cannot succeed by trying again."""
    _step(email, Status.CALLING, now=now, status=Status.FAILED, lease_until=None, error=error)


def mark_uncertain(email: OutboxEmail, *, error: str, now: datetime) -> None:
    _step(email, Status.CALLING, now=now, status=Status.UNCERTAIN, lease_until=None, error=error)


def mark_retry(email: OutboxEmail, *, error: str, now: datetime) -> None:
    """Try again later, twice as late each time; after the last attempt it has failed."""
    if email.attempt >= MOST_ATTEMPTS:
        status, at = Status.FAILED, now
    else:
        status, at = Status.RETRY, now + FIRST_RETRY * 2 ** (email.attempt - 1)
    held = (Status.CLAIMED, Status.CALLING)
    _step(email, *held, now=now, status=status, next_attempt_at=at, lease_until=None, error=error)


def settle_as_sent(ids: Sequence[int], *, now: datetime) -> int:
    """Somebody has looked at the provider: these uncertain mails did go out."""
    rows = OutboxEmail.objects.filter(pk__in=ids, status=Status.UNCERTAIN)
    return rows.update(status=Status.SENT, sent_at=now, error="")


def send_again(ids: Sequence[int], *, now: datetime) -> int:
    """Somebody wants these failed or uncertain mails to go out anew."""
    rows = OutboxEmail.objects.filter(Q(status=Status.UNCERTAIN) | Q(status=Status.FAILED), pk__in=ids)
    return rows.update(status=Status.PENDING, attempt=0, next_attempt_at=now, error="")


def _step(email: OutboxEmail, *held: OutboxEmail.Status, now: datetime, **changes: object) -> bool:
    with all_organizations():
        mine = OutboxEmail.objects.filter(pk=email.pk, attempt=email.attempt, status__in=held)
        return bool(mine.update(**changes))
