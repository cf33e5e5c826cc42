"""The states of a mail on its way out. Every step is one conditional UPDATE: whoever changes the row has it.

`calling` is committed just before the provider is called. Of a mail whose sender is killed after that nobody knows
whether it went out. A provider that takes the same key once is called again, for as long as it remembers keys; else
the mail is uncertain and never sent again by itself. The row in the contacts' ledger follows in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.tenancy import all_organizations
from emails.claiming import CLAIM
from emails.models import Contact, OutboxEmail

Status = OutboxEmail.Status

# Until it calls, a sender may lose its mails without harm: those of a dead one need not wait for as long as a call.
CLAIM_SECONDS = 20
LONGEST_WAIT = timedelta(hours=1)
# About two days of trying.
MOST_RETRIES = 50
# Once the call has begun its sender may tell what came of it, however late, unless somebody has decided meanwhile.
CALLED = (Status.CALLING, Status.UNCERTAIN, Status.RETRY)
HELD = (Status.CLAIMED,)

KILLED = "The sender was killed while handing it over."
# A sender that was stopped inside of a transaction still has its row locked: nobody waits for it.
EXPIRED = "SELECT id FROM emails_outboxemail WHERE status = '{}' AND lease_until < %(now)s FOR UPDATE SKIP LOCKED"
RELEASE = f"""
    UPDATE emails_outboxemail SET status = 'retry', lease_until = NULL WHERE id IN ({EXPIRED.format("claimed")})
"""
RELEASE_CALLED = f"""
    WITH mail AS (
        UPDATE emails_outboxemail SET lease_until = NULL, next_attempt_at = %(now)s, error = %(error)s,
            status = CASE WHEN provider = %(provider)s AND doubtful_since >= %(remembered_from)s
                     THEN 'retry' ELSE 'uncertain' END
        WHERE id IN ({EXPIRED.format("calling")})
        RETURNING organization_id, contact_id, status
    )
    UPDATE emails_contact AS contact SET status = 'uncertain', reason = '', settled_at = %(now)s
    FROM mail WHERE mail.status = 'uncertain' AND contact.organization_id = mail.organization_id
        AND contact.id = mail.contact_id
"""


def lease() -> timedelta:
    """How long a sender may take for a call before others take it for dead."""
    return timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def claim_lease() -> timedelta:
    """How long a sender has mails before it calls."""
    return min(lease(), timedelta(seconds=CLAIM_SECONDS))


def first_retry() -> timedelta:
    return timedelta(seconds=settings.MAIL_FIRST_RETRY_SECONDS)


def release_expired(*, now: datetime, provider: str, remembered_from: datetime | None) -> None:
    """Take back what a killed sender had. `remembered_from`: keys given since then the provider still knows, if any."""
    called: dict[str, str | datetime | None] = {
        "now": now,
        "error": KILLED,
        "provider": provider,
        "remembered_from": remembered_from,
    }
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(RELEASE, {"now": now})
        cursor.execute(RELEASE_CALLED, called)


def claim_emails(*, now: datetime, most: int) -> list[OutboxEmail]:
    """Take up to so many that are due, the highest priority first. None that another sender has."""
    with all_organizations():
        claimed = OutboxEmail.objects.raw(CLAIM, {"now": now, "lease_until": now + claim_lease(), "most": most})
        return sorted(claimed, key=lambda email: (-email.priority, email.next_attempt_at, email.pk))


def is_any_claimed() -> bool:
    with all_organizations():
        return OutboxEmail.objects.filter(status=Status.CLAIMED).exists()


def hold(email: OutboxEmail) -> bool:
    """Until the transaction ends; false when the lease was lost. Who changes mail and contact has the mail first."""
    mine = OutboxEmail.objects.select_for_update().filter(pk=email.pk, attempt=email.attempt, status__in=HELD)
    return bool(mine.values_list("pk", flat=True))


def give_back(emails: Sequence[OutboxEmail]) -> None:
    """What one claim took and was not looked at is for others again."""
    with all_organizations():
        mine = OutboxEmail.objects.filter(pk__in=[email.pk for email in emails], status=Status.CLAIMED)
        mine.filter(lease_until__in={email.lease_until for email in emails}).update(
            status=Status.RETRY, lease_until=None
        )


def put_off(email: OutboxEmail, *, until: datetime) -> None:
    """It may go, but not now."""
    _step(email, HELD, {"status": Status.RETRY, "next_attempt_at": until, "lease_until": None})


def begin_call(email: OutboxEmail, *, now: datetime, provider: str) -> bool:
    """To be committed before the provider is called; false when the lease was lost meanwhile."""
    facts = {"lease_until": now + lease(), "provider": provider, "doubtful_since": email.doubtful_since or now}
    return _step(email, HELD, {"status": Status.CALLING, **facts})


def mark_sent(email: OutboxEmail, *, now: datetime, provider_id: str = "") -> None:
    _end(email, CALLED, Status.SENT, now=now, sent_at=now, provider_id=provider_id[:255], error="")


def mark_failed(email: OutboxEmail, *, error: str, now: datetime) -> None:
    """It was refused, and trying again would not help."""
    held = (*HELD, *CALLED)
    _end(email, held, Status.FAILED, now=now, error=error, doubtful_since=email.doubtful_since)


def mark_uncertain(email: OutboxEmail, *, error: str, now: datetime) -> None:
    _end(email, (*HELD, *CALLED), Status.UNCERTAIN, now=now, error=error)


def mark_skipped(email: OutboxEmail, *, reason: Contact.Reason, now: datetime) -> None:
    """Whoever looked before the call found that it may not go any more."""
    _end(email, HELD, Status.SKIPPED, now=now, reason=reason, error=str(reason))


def mark_retry(
    email: OutboxEmail, *, error: str, now: datetime, is_doubtful: bool = False, wait: timedelta = timedelta()
) -> None:
    """Try again later, twice as late each time and not before `wait`; after the last time it is given up.

    `is_doubtful`: the provider may have had it, and is to be asked again by its key.
    """
    if email.retries >= MOST_RETRIES:
        is_known = not is_doubtful and email.doubtful_since is None
        return (mark_failed if is_known else mark_uncertain)(email, error=error, now=now)
    back_off = min(first_retry() * 2 ** min(email.retries, 10), LONGEST_WAIT)
    again = {"next_attempt_at": now + max(back_off, wait), "retries": email.retries + 1, "error": error}
    as_before = {} if is_doubtful else {"doubtful_since": email.doubtful_since}
    _step(email, (*HELD, *CALLED), {"status": Status.RETRY, "lease_until": None, **again, **as_before})
    return None


def _end(
    email: OutboxEmail,
    held: Sequence[OutboxEmail.Status],
    status: OutboxEmail.Status,
    *,
    now: datetime,
    reason: str = "",
    **changes: Any,
) -> None:
    """A last state, for all that is known; the contact has the one of the same name."""
    with all_organizations():
        is_mine = _step(email, held, {"status": status, "lease_until": None, **changes})
        if is_mine and email.contact_id:
            of_it = Contact.objects.filter(organization=email.organization_id, pk=email.contact_id)
            of_it.update(status=Contact.Status(status), reason=reason, settled_at=now)


def _step(email: OutboxEmail, held: Sequence[OutboxEmail.Status], changes: Mapping[str, Any]) -> bool:
    with all_organizations():
        mine = OutboxEmail.objects.filter(pk=email.pk, attempt=email.attempt, status__in=held)
        return bool(mine.update(**changes))
