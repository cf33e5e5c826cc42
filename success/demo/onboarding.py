"""The tasks of the simulated clients, which staff and applications would otherwise enter."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from accounts.models import Client, Organization
from success.demo.answers import add_answers
from success.demo.cast import DemoClient
from success.demo.characters import Character, tasks_done
from success.models import Task

TASKS = (
    "Connect your data",
    "Invite a colleague",
    "Set your goals",
    "Create your first report",
    "Book the kick-off review",
)
# What comes after the onboarding: title, status, days since it was touched, days until it is due.
LATER_TASKS = (
    ("Approve the autumn report", Task.Status.DONE, 12, -10),
    ("Send the new logo files", Task.Status.IN_PROGRESS, 2, 4),
    ("Choose dates for the quarterly review", Task.Status.IN_PROGRESS, 1, 9),
    ("Confirm next year's budget", Task.Status.TODO, 3, 16),
)
LEFT_BEHIND = frozenset({Character.DECLINING, Character.SILENT})


def add_onboarding(organization: Organization, people: list[DemoClient], *, anchor: date) -> None:
    """Tasks and feedback of the clients that have none yet. Needs the organization's scope."""
    clients = Client.objects.filter(organization=organization)
    untasked = dict(clients.exclude(tasks__isnull=False).values_list("external_id", "pk"))
    tasks = []
    for person in people:
        if person.external_id in untasked:
            for task in (*_onboarding(person, anchor=anchor), *_later(person, anchor=anchor)):
                task.organization_id, task.client_id = organization.pk, untasked[person.external_id]
                tasks.append(task)
    Task.objects.bulk_create(tasks)
    add_answers(organization, people, anchor=anchor)


def _onboarding(person: DemoClient, *, anchor: date) -> list[Task]:
    begun_at = _noon(person.signed_up_on)
    done = tasks_done(person.character)
    tasks = []
    for number, title in enumerate(TASKS):
        done_at = begun_at + timedelta(days=number + 1) if number < done else None
        status = Task.Status.DONE if done_at else Task.Status.IN_PROGRESS if number == done else Task.Status.TODO
        worked_on = number == done and person.character not in LEFT_BEHIND
        tasks.append(
            Task(
                title=title,
                status=status,
                is_onboarding=True,
                due_on=anchor + timedelta(days=3)
                if worked_on
                else person.signed_up_on + timedelta(days=7 * (number + 1)),
                created_at=begun_at,
                updated_at=_noon(anchor - timedelta(days=1)) if worked_on else done_at or begun_at,
                completed_at=done_at,
            )
        )
    return tasks


def _later(person: DemoClient, *, anchor: date) -> list[Task]:
    if person.character is Character.NEW:
        return []
    chance = Random(f"tasks of {person.name}")  # noqa: S311 - only has to be the same each time
    return [
        Task(
            external_id=f"{person.external_id}-{title.split()[0].lower()}",
            title=title,
            status=status,
            due_on=anchor + timedelta(days=due_in),
            created_at=_noon(anchor - timedelta(days=touched + 9)),
            updated_at=_noon(anchor - timedelta(days=touched)),
            completed_at=_noon(anchor - timedelta(days=touched)) if status == Task.Status.DONE else None,
        )
        for title, status, touched, due_in in chance.sample(LATER_TASKS, k=2)
    ]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
