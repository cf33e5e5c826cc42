"""What the clock fires meets a database that is away."""

from collections.abc import Callable
from datetime import datetime

import pytest
from celery import Task
from django.db import InterfaceError, OperationalError

from emails import delivery
from emails.tasks import send_due
from jobs import reconciling
from jobs.tasks import reconcile_all


def failing(*errors: Exception) -> tuple[list[Exception], Callable[..., int]]:
    """Raises each of them once, and works then."""
    left = list(errors)

    def work(*, now: datetime | None = None, seconds: float = 0) -> int:
        if left:
            raise left.pop(0)
        return 1

    return left, work


@pytest.mark.parametrize(
    ("task", "module", "name"), [(reconcile_all, reconciling, "reconcile_all"), (send_due, delivery, "deliver_all")]
)
def test_a_task_is_tried_again_until_the_database_is_back(
    task: Task[..., object], module: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, work = failing(OperationalError("cut"), InterfaceError("closed"))
    monkeypatch.setattr(module, name, work)
    task.apply()
    assert left == []


def test_another_error_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    left, work = failing(ValueError("wrong"), ValueError("wrong"))
    monkeypatch.setattr(delivery, "deliver_all", work)
    send_due.apply()
    assert len(left) == 1
