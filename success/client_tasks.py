"""Tasks of clients: the times follow the status."""

from datetime import datetime

from success.models import Task


def save_task(task: Task, *, at: datetime) -> Task:
    """Save a new or changed task: done gets its time, once; not done has none."""
    if task._state.adding:  # noqa: SLF001 - Django documents _state
        task.created_at = at
    task.updated_at = at
    if task.status != Task.Status.DONE:
        task.completed_at = None
    elif task.completed_at is None:
        task.completed_at = at
    task.save()
    return task
