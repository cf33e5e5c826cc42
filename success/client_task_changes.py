"""Tasks written by applications: as often as they like, with the same result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from accounts.models import Client
from success.client_tasks import save_task
from success.models import Task


class TaskAlreadyExistsError(Exception):
    """The client has a task of this external id."""


class TaskNeedsTitleError(Exception):
    """There is no such task yet, and a new one has a title."""


def create_task(client: Client, facts: Mapping[str, Any], *, at: datetime) -> Task:
    """`facts` are columns of the task. Raises TaskAlreadyExistsError."""
    try:
        # Of several at once one makes it; the others are told, and their transactions go on.
        with transaction.atomic():
            return save_task(Task(organization_id=client.organization_id, client=client, **facts), at=at)
    except IntegrityError as error:
        # The client may have been deleted meanwhile.
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise TaskAlreadyExistsError(facts.get("external_id", "")) from error


def change_task(task: Task, facts: Mapping[str, Any], *, at: datetime) -> Task:
    """What is left out stays, and what is the same is no update: a task may go on being stalled.

    Raises Task.DoesNotExist for one that was deleted a moment ago.
    """
    task = Task.objects.select_for_update(no_key=True).get(organization=task.organization_id, pk=task.pk)
    changed = {name: value for name, value in facts.items() if getattr(task, name) != value}
    for name, value in changed.items():
        setattr(task, name, value)
    return save_task(task, at=at) if changed else task


def put_task(client: Client, external_id: str, facts: Mapping[str, Any], *, at: datetime) -> tuple[Task, bool]:
    """The client's task of this external id, changed or made, and whether it was made. Raises TaskNeedsTitleError."""
    known = Task.objects.filter(organization=client.organization_id, client=client, external_id=external_id)
    task = known.first()
    try:
        if task:
            return change_task(task, facts, at=at), False
        if "title" not in facts:
            raise TaskNeedsTitleError(external_id)
        return create_task(client, {"external_id": external_id, **facts}, at=at), True
    except (Task.DoesNotExist, TaskAlreadyExistsError):
        # Somebody else deleted or made it a moment ago.
        return put_task(client, external_id, facts, at=at)
