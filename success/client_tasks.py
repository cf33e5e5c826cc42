"""Tasks of clients: saved by staff and applications, ticked off by the client."""

from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Client
from success.milestones.arrivals import detect_soon
from success.models import Task
from telemetry.tracking import track_task_completed

LONGEST_TITLE = 255
STALLED_AFTER = timedelta(hours=72)


class UnknownTaskError(LookupError):
    """The client has no such task: it is another's, is gone, or never was."""


def save_task(task: Task, *, at: datetime) -> Task:
    """Save a new or changed task: done gets its time, once; not done has none.

    Tracks nothing, for it is not the client who does it here. Raises ValidationError for the title.
    """
    task.title = checked_title(task.title)
    if task._state.adding:  # noqa: SLF001 - Django documents _state
        task.created_at = at
    task.updated_at = at
    if task.status != Task.Status.DONE:
        task.completed_at = None
    elif task.completed_at is None:
        task.completed_at = at
    task.save()
    return task


def checked_title(title: str) -> str:
    """Without the spaces around it. Raises ValidationError."""
    title = title.strip()
    if not title:
        raise _title_error(_("A task needs a title."), "required")
    if "\0" in title:
        raise _title_error(_("NUL cannot be part of a title."), "nul")
    if len(title) > LONGEST_TITLE:
        raise _title_error(_("A title has %d characters at most.") % LONGEST_TITLE, "too_long")
    return title


def tasks_of(client: Client) -> QuerySet[Task]:
    """What is to be done first, the nearest due date before the others; then what was done, the newest first."""
    return Task.objects.filter(organization=client.organization_id, client=client).order_by(
        F("completed_at").desc(nulls_first=True), F("due_on").asc(nulls_last=True), "id"
    )


def complete_task(client: Client, task_id: int | str, *, at: datetime) -> Task:
    """The client ticks a task off: one task_completed event, after commit. A task that is done stays as it is.

    A task is completed once in its life: ticked again after it was reopened, it is no second event, so that nobody
    ticks up the score. Raises UnknownTaskError.
    """
    task = _task(client, task_id)
    # Of two at once the one whose update finds the task not done has completed it.
    undone = Task.objects.filter(organization=client.organization_id, pk=task.pk).exclude(status=Task.Status.DONE)
    if undone.update(status=Task.Status.DONE, completed_at=at, updated_at=at):
        track_task_completed(
            client,
            data={"task": task.external_id or str(task.pk), "onboarding": task.is_onboarding},
            occurred_at=at,
            message_id=f"task-{task.pk}-completed",
        )
        # Ticked again it is no news to those who look at events, but the last task may be done now.
        transaction.on_commit(partial(detect_soon, client.organization_id, [client.pk]))
    task.refresh_from_db()
    return task


def reopen_task(client: Client, task_id: int | str, *, at: datetime) -> Task:
    """Takes the tick away; the event of the completion stays, for it happened. Raises UnknownTaskError."""
    task = _task(client, task_id)
    done = Task.objects.filter(organization=client.organization_id, pk=task.pk, status=Task.Status.DONE)
    done.update(status=Task.Status.TODO, completed_at=None, updated_at=at)
    task.refresh_from_db()
    return task


def stalled_tasks(tasks: QuerySet[Task], *, as_of: datetime, after: timedelta = STALLED_AFTER) -> QuerySet[Task]:
    """Those in progress that nobody has touched for so long."""
    return tasks.filter(status=Task.Status.IN_PROGRESS, updated_at__lte=as_of - after)


def stalled_for(task: Task, *, as_of: datetime, after: timedelta = STALLED_AFTER) -> timedelta | None:
    """How long a task has had no update, or None when that is no reason to look at it."""
    untouched = as_of - task.updated_at
    return untouched if task.status == Task.Status.IN_PROGRESS and untouched >= after else None


def _task(client: Client, task_id: int | str) -> Task:
    try:
        return Task.objects.get(organization=client.organization_id, client=client, pk=int(task_id))
    except (Task.DoesNotExist, ValueError):
        raise UnknownTaskError(task_id) from None


def _title_error(message: str, code: str) -> ValidationError:
    return ValidationError({"title": ValidationError(message, code=code)})
