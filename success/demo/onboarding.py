"""The tasks and the feedback of the simulated clients, which staff and the dashboard would otherwise enter."""

from datetime import UTC, date, datetime, time, timedelta

from accounts.models import Client, Organization
from success.demo.cast import DemoClient
from success.demo.characters import Character, nps, tasks_done
from success.models import Feedback, Task

TASKS = (
    "Connect your data",
    "Invite a colleague",
    "Set your goals",
    "Create your first report",
    "Book the kick-off review",
)
COMMENTS = {
    Character.THRIVING: "The weekly reports save us half a day.",
    Character.STEADY: "Does what we need.",
    Character.DECLINING: "Too many steps to get to a report.",
    Character.RETURNING: "Good to be back; the planner is better now.",
}


def add_onboarding(organization: Organization, people: list[DemoClient], *, anchor: date) -> None:
    """Tasks and feedback of the clients that have none yet. Needs the organization's scope."""
    clients = Client.objects.filter(organization=organization)
    untasked = dict(clients.exclude(tasks__isnull=False).values_list("external_id", "pk"))
    Task.objects.bulk_create(
        task
        for person in people
        if person.external_id in untasked
        for task in _tasks(organization.pk, untasked[person.external_id], person)
    )
    unasked = dict(clients.exclude(feedback__isnull=False).values_list("external_id", "pk"))
    Feedback.objects.bulk_create(
        answer
        for person in people
        if person.external_id in unasked
        for answer in _answers(organization.pk, unasked[person.external_id], person, anchor=anchor)
    )


def _tasks(organization_id: int, client_id: int, person: DemoClient) -> list[Task]:
    begun_at = _noon(person.signed_up_on)
    done = tasks_done(person.character)
    tasks = []
    for number, title in enumerate(TASKS):
        done_at = begun_at + timedelta(days=number + 1) if number < done else None
        status = Task.Status.DONE if done_at else Task.Status.IN_PROGRESS if number == done else Task.Status.TODO
        tasks.append(
            Task(
                organization_id=organization_id,
                client_id=client_id,
                title=title,
                status=status,
                is_onboarding=True,
                due_on=person.signed_up_on + timedelta(days=7 * (number + 1)),
                created_at=begun_at,
                updated_at=done_at or begun_at,
                completed_at=done_at,
            )
        )
    return tasks


def _answers(organization_id: int, client_id: int, person: DemoClient, *, anchor: date) -> list[Feedback]:
    rating = nps(person.character)
    if rating is None:
        return []
    # Declining clients answered before and after they began to leave.
    ratings = [(75, rating + 3), (20, rating)] if person.character is Character.DECLINING else [(45, rating)]
    return [
        Feedback(
            organization_id=organization_id,
            client_id=client_id,
            kind=Feedback.Kind.NPS,
            rating=given,
            comment=COMMENTS[person.character] if given == rating else "",
            given_at=_noon(anchor - timedelta(days=days_ago)),
        )
        for days_ago, given in ratings
    ]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
