"""Queueing the weekly mails of a range of clients."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice

from django.conf import settings

from accounts.models import Organization
from emails.contacts.deciding import AllowedContact, decide_contacts
from emails.contacts.settling import refuse_contacts
from emails.form_letters import fill
from emails.identity import uid_of
from emails.kinds import WEEKLY_SUCCESS
from emails.models import Contact
from emails.outbox import Mail, queue_mails
from emails.preference_links import preferences_url, unsubscribe_headers
from emails.tracking.links import tracked
from success.feedback.links import ask_clients, link_of
from success.models import FeedbackRequest
from success.weekly_mail.gathering import Told, gather
from success.weekly_mail.writing import Links, Reader, write

# What is held in memory at once: a mail is some thirty kilobytes.
PIECE = 500


@dataclass(frozen=True, slots=True)
class WeeklyQueued:
    """Of the clients that were decided about now: `queued` get a mail, `skipped` do not, by `Contact.Reason`."""

    processed: int
    queued: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Week:
    """What all mails of a run share."""

    organization: Organization
    period_end: date
    as_of: datetime
    valid_until: datetime | None

    @property
    def key(self) -> str:
        return self.period_end.isoformat()


def queue_weekly_mails(
    organization_id: int,
    *,
    period_end: date,
    as_of: datetime,
    first_client: int | None = None,
    last_client: int | None = None,
    valid_until: datetime | None = None,
) -> WeeklyQueued:
    """Queue the mails of the week before the period end for a range of client ids, both ends included.

    Needs the organization's scope, in one transaction; the scores and insights of that period end come first. Who
    was decided about before gets nothing and is not counted, so that a second run does nothing.
    """
    week = _Week(Organization.objects.get(pk=organization_id), period_end, as_of, valid_until)
    decided = decide_contacts(
        organization_id,
        kind=WEEKLY_SUCCESS,
        key=week.key,
        as_of=as_of,
        first_client=first_client,
        last_client=last_client,
        valid_until=valid_until,
    )
    skipped = Counter({str(reason): count for reason, count in decided.skipped.items()})
    queued = 0
    for piece in _pieces(decided.allowed):
        told = gather(week.organization, [each.client_id for each in piece], period_end=period_end, as_of=as_of)
        worth = [each for each in piece if told[each.client_id].is_worth_telling]
        queued += queue_mails(_mails(week, worth, told))
        idle = [each.contact_id for each in piece if not told[each.client_id].is_worth_telling]
        if idle:
            reason = Contact.Reason.NOTHING_TO_TELL
            skipped[str(reason)] += refuse_contacts(idle, reason=reason, at=as_of)
    return WeeklyQueued(len(decided.allowed) + sum(decided.skipped.values()), queued, dict(skipped))


def _pieces(contacts: Iterable[AllowedContact]) -> Iterator[list[AllowedContact]]:
    left = iter(contacts)
    while piece := list(islice(left, PIECE)):
        yield piece


def _mails(week: _Week, contacts: Sequence[AllowedContact], told: Mapping[int, Told]) -> list[Mail]:
    kinds = {each.client_id: kind for each in contacts if (kind := told[each.client_id].asks_for)}
    asked = ask_clients(week.organization.pk, kinds, at=week.as_of)
    return [_mail(week, each, told[each.client_id], asked.get(each.client_id)) for each in contacts]


def _mail(week: _Week, contact: AllowedContact, told: Told, request: FeedbackRequest | None) -> Mail:
    organization_id, client_id = week.organization.pk, contact.client_id
    # Two clients may have one address, and the outbox takes a kind and key to an address once.
    key = f"{week.key}:{client_id}"
    uid = uid_of(organization_id, kind=WEEKLY_SUCCESS.name, key=key, to_address=contact.to_address)
    headers = unsubscribe_headers(organization_id, client_id, WEEKLY_SUCCESS.category)
    links = Links(
        preferences=preferences_url(organization_id, client_id),
        # The same as that of the button that mail programs show.
        unsubscribe=headers["List-Unsubscribe"].strip("<>"),
        answer=partial(_answer, request) if request else None,
    )
    rendered = write(
        week.organization,
        told,
        reader=Reader(contact.name, contact.language, contact.timezone),
        links=links,
        rendering=fill,
    )
    with_tracking = tracked(rendered.html, organization_id=organization_id, uid=uid)
    return Mail(
        organization_id=organization_id,
        client_id=client_id,
        contact_id=contact.contact_id,
        kind=WEEKLY_SUCCESS.name,
        key=key,
        category=WEEKLY_SUCCESS.category,
        priority=WEEKLY_SUCCESS.priority,
        to_address=contact.to_address,
        to_name=contact.name,
        from_name=week.organization.name,
        subject=rendered.subject,
        text=rendered.text,
        html=with_tracking.html,
        links=with_tracking.links,
        headers=headers,
        due_at=contact.due_at,
        valid_until=week.valid_until,
        queued_at=week.as_of,
    )


def _answer(request: FeedbackRequest, rating: int | None) -> str:
    return f"{settings.BASE_URL}{link_of(request, rating=rating)}"
