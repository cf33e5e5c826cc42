"""The client's tasks: what is open, how far the onboarding has got, and what was done lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Client
from success.client_tasks import stalled_for, tasks_of
from success.models import Task

OPEN_SHOWN = 100
OPEN_AT_ONCE = 6
DONE_SHOWN = 10
DONE = Q(status=Task.Status.DONE)


@dataclass(frozen=True)
class ShownTask:
    """`hint` says why to look at it now; `hint_kind` is overdue, today or stalled."""

    pk: int
    title: str
    is_done: bool
    is_onboarding: bool
    is_in_progress: bool
    due_on: date | None
    hint: str
    hint_kind: str
    done_at: datetime | None


@dataclass(frozen=True)
class TaskBoard:
    """`first` and `more` are open; of what is not shown only the number is known."""

    first: Sequence[ShownTask]
    more: Sequence[ShownTask]
    open: int
    done: Sequence[ShownTask]
    done_count: int
    onboarding: int
    onboarding_done: int
    more_is_open: bool

    @property
    def total(self) -> int:
        return self.open + self.done_count

    @property
    def not_shown(self) -> int:
        return max(0, self.open - len(self.first) - len(self.more))

    @property
    def bar(self) -> str:
        return f"{100 * self.onboarding_done / (self.onboarding or 1):.0f}%"


def task_board_of(client: Client, *, as_of: datetime, touched: int | None = None) -> TaskBoard:
    """One query. The task just `touched` is shown among the open ones, also ticked: there it can be taken back."""
    today = as_of.astimezone(client.organization.timezone).date()
    rows = list(_counted(client, touched))
    kept = [task for task in rows if task.status != Task.Status.DONE or task.pk == touched]
    kept.sort(key=lambda task: (task.due_on is None, task.due_on or today, task.pk))
    shown = [_shown(task, as_of=as_of, today=today) for task in kept]
    done = [task for task in rows if task.status == Task.Status.DONE and task.pk != touched]
    totals = rows[0] if rows else None
    return TaskBoard(
        first=shown[:OPEN_AT_ONCE],
        more=shown[OPEN_AT_ONCE:],
        open=totals.open if totals else 0,
        done=[_shown(task, as_of=as_of, today=today) for task in done],
        done_count=totals.done if totals else 0,
        onboarding=totals.onboarding if totals else 0,
        onboarding_done=totals.onboarding_done if totals else 0,
        more_is_open=any(task.pk == touched for task in shown[OPEN_AT_ONCE:]),
    )


def _counted(client: Client, touched: int | None) -> QuerySet[Any]:
    """The tasks to show, each with how many there are of all."""
    tasks = tasks_of(client)
    order: list[Any] = list(tasks.query.order_by)
    place = Window(RowNumber(), partition_by=[F("is_done")], order_by=order)
    return (
        tasks.annotate(is_done=DONE)
        .annotate(
            place=place,
            open=Window(Count("pk", filter=~DONE)),
            done=Window(Count("pk", filter=DONE)),
            onboarding=Window(Count("pk", filter=Q(is_onboarding=True))),
            onboarding_done=Window(Count("pk", filter=DONE & Q(is_onboarding=True))),
        )
        .filter(Q(is_done=False, place__lte=OPEN_SHOWN) | Q(is_done=True, place__lte=DONE_SHOWN) | Q(pk=touched))
    )


def _shown(task: Task, *, as_of: datetime, today: date) -> ShownTask:
    kind, hint = _hint(task, as_of=as_of, today=today)
    return ShownTask(
        pk=task.pk,
        title=task.title,
        is_done=task.status == Task.Status.DONE,
        is_onboarding=task.is_onboarding,
        is_in_progress=task.status == Task.Status.IN_PROGRESS,
        due_on=task.due_on,
        hint=hint,
        hint_kind=kind,
        done_at=task.completed_at,
    )


def _hint(task: Task, *, as_of: datetime, today: date) -> tuple[str, str]:
    if task.status == Task.Status.DONE:
        return "", ""
    if task.due_on and task.due_on < today:
        return "overdue", _("Overdue")
    if task.due_on == today:
        return "today", _("Due today")
    if untouched := stalled_for(task, as_of=as_of):
        text = ngettext("No progress for %(count)d day", "No progress for %(count)d days", untouched.days)
        return "stalled", text % {"count": untouched.days}
    return "", ""
