"""The weekly mail of a client as it would be now, and whether it would be sent. Nothing is written."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import Client, Organization
from emails.contacts.deciding import decide_contacts
from emails.kinds import WEEKLY_SUCCESS
from emails.models import Contact
from emails.rendering import Rendered
from success.weekly_mail.gathering import gather
from success.weekly_mail.writing import Links, Reader, write

# Links that give access are the client's alone, and an answer would be one.
NOWHERE = "#"


@dataclass(frozen=True, slots=True)
class Preview:
    """`decided` is what was decided already; else it would not be sent for `reason`, or be sent at `due_at`."""

    rendered: Rendered
    decided: Contact | None
    reason: Contact.Reason | None
    due_at: datetime | None


def newest_period_end(organization: Organization, *, as_of: datetime) -> date:
    """The Monday of the week, which is what the weekly job is for."""
    today = as_of.astimezone(organization.timezone).date()
    return today - timedelta(days=today.weekday())


def preview_of(client: Client, *, period_end: date, as_of: datetime) -> Preview:
    """Needs the scope of the client's organization."""
    organization = client.organization
    told = gather(organization, [client.pk], period_end=period_end, as_of=as_of)[client.pk]
    rendered = write(
        organization,
        told,
        reader=Reader(client.name, client.language, client.timezone or organization.timezone),
        links=Links(NOWHERE, NOWHERE, answer=lambda _rating: NOWHERE),
    )
    decided = Contact.objects.filter(
        organization=organization,
        client=client,
        channel=Contact.Channel.EMAIL,
        kind=WEEKLY_SUCCESS.name,
        key=period_end.isoformat(),
    ).first()
    if decided:
        return Preview(rendered, decided, None, None)
    reason, due_at = _as_if_decided(client, period_end=period_end, as_of=as_of)
    if reason is None and not told.is_worth_telling:
        reason = Contact.Reason.NOTHING_TO_TELL
    return Preview(rendered, None, reason, due_at)


def _as_if_decided(
    client: Client, *, period_end: date, as_of: datetime
) -> tuple[Contact.Reason | None, datetime | None]:
    """Decided as the job would, and undone: so it never says anything else than the job does."""
    with transaction.atomic():
        decided = decide_contacts(
            client.organization_id,
            kind=WEEKLY_SUCCESS,
            key=period_end.isoformat(),
            as_of=as_of,
            clients=[client.pk],
        )
        transaction.set_rollback(True)
    reason = next(iter(decided.skipped), None)
    return reason, decided.allowed[0].due_at if decided.allowed else None
