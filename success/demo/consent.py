"""What the simulated clients said about mail, so that the counts of the weekly mail show something."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import Client, Organization
from emails.categories import Category, Frequency
from emails.consent import Word, record_consents
from emails.models import Consent, Suppression
from emails.models.preferences import Source
from emails.suppression import suppress
from success.demo.cast import DemoClient

# By their place in the cast: every seventh was never asked, one changed her mind, the mail of one came back.
ASKED_ALL_BUT = 7
UNSUBSCRIBED, BOUNCED, RARELY = 3, 4, 8
UNSUBSCRIBED_DAYS_BEFORE, BOUNCED_DAYS_BEFORE = 20, 12
DETAIL = {"note": "Simulated: asked at sign-up"}


def record_demo_consent(organization: Organization, people: list[DemoClient], *, anchor: date) -> None:
    """Once, so that what was changed by hand stays. Needs the organization's scope."""
    if Consent.objects.filter(organization=organization).exists():
        return
    clients = Client.objects.filter(organization=organization, external_id__in=[each.external_id for each in people])
    ids = dict(clients.values_list("external_id", "pk"))
    words = [word for place, person in enumerate(people) for word in _words(place, ids[person.external_id], person)]
    record_consents(organization.pk, words, source=Source.IMPORT)
    _change_minds(organization, people, ids, anchor=anchor)


def _words(place: int, client_id: int, person: DemoClient) -> Iterator[Word]:
    if place % ASKED_ALL_BUT == ASKED_ALL_BUT - 1:
        return
    at = _noon(person.signed_up_on)
    often = Frequency.EVERY_OTHER_WEEK if place == RARELY else Frequency.EVERY_WEEK
    yield Word(client_id, Category.WEEKLY, is_given=True, at=at, frequency=often, detail=DETAIL)
    yield Word(client_id, Category.REMINDERS, is_given=place % 2 == 0, at=at, detail=DETAIL)
    yield Word(client_id, Category.FEEDBACK, is_given=place % 3 != 2, at=at, detail=DETAIL)


def _change_minds(organization: Organization, people: list[DemoClient], ids: dict[str, int], *, anchor: date) -> None:
    at = _noon(anchor - timedelta(days=UNSUBSCRIBED_DAYS_BEFORE))
    no = Word(ids[people[UNSUBSCRIBED].external_id], Category.WEEKLY, is_given=False, at=at)
    record_consents(organization.pk, [no], source=Source.ONE_CLICK)
    suppress(
        organization.pk,
        people[BOUNCED].email,
        reason=Suppression.Reason.BOUNCED,
        detail="Simulated: 550 5.1.1 no such user here",
        at=_noon(anchor - timedelta(days=BOUNCED_DAYS_BEFORE)),
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
