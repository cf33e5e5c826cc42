"""What the simulated clients answered when they were asked."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from accounts.models import Client, Organization
from success.demo.cast import DemoClient
from success.demo.characters import Character, nps
from success.models import Feedback

COMMENTS = {
    Character.THRIVING: "The weekly reports save us half a day.",
    Character.STEADY: "Does what we need.",
    Character.DECLINING: "Too many steps to get to a report.",
    Character.RETURNING: "Good to be back; the planner is better now.",
}
# Every fourth client was asked so long ago that it is asked again, on its dashboard, with the first of them.
LAST_ASKED_DAYS = (96, 45, 45, 45)
BETWEEN_DAYS = 95


def add_answers(organization: Organization, people: list[DemoClient], *, anchor: date) -> None:
    """Of the clients that have answered nothing yet. Needs the organization's scope."""
    clients = Client.objects.filter(organization=organization, feedback__isnull=True)
    unasked = dict(clients.values_list("external_id", "pk"))
    Feedback.objects.bulk_create(
        Feedback(
            organization_id=organization.pk,
            client_id=unasked[person.external_id],
            kind=kind,
            rating=rating,
            comment=comment,
            channel=Feedback.Channel.LINK if number % 3 else Feedback.Channel.DASHBOARD,
            given_at=datetime.combine(anchor - timedelta(days=days_ago), time(12), UTC),
        )
        for number, person in enumerate(people)
        if person.external_id in unasked
        for days_ago, kind, rating, comment in _answers(number, person)
    )


def _answers(number: int, person: DemoClient) -> list[tuple[int, Feedback.Kind, int, str]]:
    """Days ago, kind, rating and comment: NPS lately, CSAT before where the client was there already."""
    typical = nps(person.character)
    if typical is None:
        return []
    chance = Random(f"answers of {person.name}")  # noqa: S311 - only has to be the same each time
    rating = max(0, min(typical + chance.choice((-1, 0, 0, 1)), 10))
    days_ago = LAST_ASKED_DAYS[number % len(LAST_ASKED_DAYS)]
    # Declining clients were content before they began to leave.
    mood = 4 if person.character is Character.DECLINING else round(rating / 2) + chance.choice((-1, 0, 1))
    comment = COMMENTS[person.character] if number % 2 == 0 else ""
    return [
        (days_ago, Feedback.Kind.NPS, rating, comment),
        (days_ago + BETWEEN_DAYS, Feedback.Kind.CSAT, max(1, min(mood, 5)), ""),
    ]
