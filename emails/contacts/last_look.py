"""The last look before a mail is handed over: whether it may still go, and whether it may go now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from accounts.tenancy import organization_scope
from emails.contacts.due_times import next_allowed, week_of
from emails.contacts.recipients import lock_clients, range_of, timezone_named
from emails.contacts.statement import COUNTS
from emails.models import Contact, ContactPolicy, OutboxEmail

Reason = Contact.Reason

LOOK = f"""
SELECT client.status = 'active' AND client.merged_into_id IS NULL, preference.is_agreed,
    lower(client.email) <> lower(%(address)s),
    EXISTS (SELECT FROM emails_suppression AS suppression WHERE suppression.organization_id = %(organization)s
            AND lower(suppression.address) = lower(%(address)s) AND suppression.lifted_at IS NULL),
    organization.status = 'active' AND organization.runs_jobs, coalesce(client.timezone, ''), organization.timezone,
    policy.weekly_cap, policy.send_from_hour, policy.send_until_hour, policy.business_days_only,
    coalesce(own.reason, ''), CASE WHEN own.is_budgeted THEN own.due_at END,
    ARRAY(SELECT contact.due_at FROM emails_contact AS contact
          WHERE contact.organization_id = %(organization)s AND contact.client_id = %(client)s AND {COUNTS}
              AND contact.due_at > %(at)s - interval '8 days')
FROM accounts_client AS client
JOIN accounts_organization AS organization ON organization.id = client.organization_id
CROSS JOIN LATERAL (
    SELECT * FROM emails_contactpolicy WHERE organization_id = client.organization_id OR organization_id IS NULL
    ORDER BY organization_id NULLS LAST, version DESC LIMIT 1
) AS policy
LEFT JOIN emails_mailpreference AS preference ON preference.organization_id = client.organization_id
    AND preference.client_id = client.id AND preference.category = %(category)s
LEFT JOIN emails_contact AS own ON own.organization_id = client.organization_id AND own.id = %(contact)s
WHERE client.organization_id = %(organization)s AND client.id = %(client)s
"""


class QuietTimeError(Exception):
    """The mail may go, but not before `until`: it waits, and this was no attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


@dataclass(frozen=True, slots=True)
class Look:
    """What is known now. `due_at` is the contact's, where it counts; `all_due_at` are those of all that count."""

    is_there: bool
    is_agreed: bool | None
    is_other_address: bool
    is_stopped: bool
    is_switched_on: bool
    client_timezone: str
    organization_timezone: str
    weekly_cap: int
    send_from_hour: int
    send_until_hour: int
    business_days_only: bool
    refused: str
    due_at: datetime | None
    all_due_at: Sequence[datetime]

    @property
    def timezone(self) -> ZoneInfo:
        return timezone_named(self.client_timezone) or ZoneInfo(self.organization_timezone)

    @property
    def policy(self) -> ContactPolicy:
        return ContactPolicy(
            send_from_hour=self.send_from_hour,
            send_until_hour=self.send_until_hour,
            business_days_only=self.business_days_only,
        )

    def has_room(self, at: datetime) -> bool:
        """For a message of another week."""
        begins, ends = week_of(at, timezone=self.timezone)
        return sum(begins <= due_at < ends for due_at in self.all_due_at) < self.weekly_cap


def reason_not_to_send(email: OutboxEmail, *, at: datetime) -> Contact.Reason | None:
    """Why this mail may not go any more; None when it may go now. To be asked just before `calling` is committed.

    Raises QuietTimeError when it may go later only: the mail goes back to wait until then, and the attempt does not
    count. The ledger knows the new time already; it is for the caller to record a reason, in mail and contact.

    Account mail and mail to staff (no category or no client) may always go. What was agreed is read anew: consent,
    the stopped addresses, the client and the organization, whether automatic work is switched on, `valid_until`,
    quiet hours, and the budget of the week when it is not the one that the mail was planned for. How often the
    client wants it was settled when it was decided. To a former address nothing goes: it may be somebody else's.
    """
    if email.organization_id is None or email.client_id is None or not email.category:
        return None
    with organization_scope(email.organization_id):
        reason, goes_at = _verdict(email, at=at)
    if reason is None and goes_at > at:
        raise QuietTimeError(goes_at)
    return reason


def _verdict(email: OutboxEmail, *, at: datetime) -> tuple[Reason | None, datetime]:
    look = _look(email, at=at)
    if look is None or (reason := _reason(look, email, at=at)):
        return (Reason.CLIENT_LEFT if look is None else reason), at
    goes_at = next_allowed(at, timezone=look.timezone, policy=look.policy)
    if email.valid_until and goes_at > email.valid_until:
        return Reason.LATE, at
    if look.due_at and week_of(look.due_at, timezone=look.timezone) != week_of(goes_at, timezone=look.timezone):
        return _in_another_week(email, at=at, goes_at=goes_at), goes_at
    if look.due_at and goes_at > at:
        _move(email, to=goes_at)
    return None, goes_at


def _reason(look: Look, email: OutboxEmail, *, at: datetime) -> Reason | None:
    reasons = {
        Reason.CLIENT_LEFT: not look.is_there,
        Reason.NOT_ASKED: look.is_agreed is None,
        Reason.UNSUBSCRIBED: not look.is_agreed,
        Reason.ADDRESS_CHANGED: look.is_other_address,
        Reason.STOPPED_ADDRESS: look.is_stopped,
        Reason.SWITCHED_OFF: not (look.is_switched_on and settings.ENABLE_SUCCESS_CRONS),
        Reason.LATE: email.valid_until is not None and at > email.valid_until,
    }
    refused = Reason(look.refused) if look.refused else None
    return refused or next((reason for reason, holds in reasons.items() if holds), None)


def _in_another_week(email: OutboxEmail, *, at: datetime, goes_at: datetime) -> Reason | None:
    """Move the contact there if that week has room. Decided like any other: one after the other, on what is there."""
    lock_clients(range_of(email.organization_id, clients=[email.client_id]))
    look = _look(email, at=at)
    if look is None or not look.has_room(goes_at):
        return Reason.BUDGET
    _move(email, to=goes_at)
    return None


def _move(email: OutboxEmail, *, to: datetime) -> None:
    Contact.objects.filter(mails=email, status=Contact.Status.PLANNED).update(due_at=to)


def _look(email: OutboxEmail, *, at: datetime) -> Look | None:
    with connection.cursor() as cursor:
        cursor.execute(
            LOOK,
            {
                "organization": email.organization_id,
                "client": email.client_id,
                "category": email.category,
                "contact": email.contact_id,
                "address": email.to_address,
                "at": at,
            },
        )
        row = cursor.fetchone()
    return Look(*row) if row else None
