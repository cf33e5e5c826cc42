"""How the tasks meet a database that is away, and workers that were killed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import pytest
from celery import Task, current_app
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from accounts.tenancy import all_organizations
from emails import delivery
from emails.tasks import send_due
from jobs import reconciling
from jobs.models import JobRun
from jobs.running import work_on
from jobs.tasks import FREE_AFTER_SECONDS, reconcile_all, work_run
from jobs.units import claim_unit
from tests.jobs.ledgers import PATIENCE, begin
from tests.jobs.sample_jobs import letters
from tests.jobs.sample_jobs import names as naming


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


@pytest.mark.usefixtures("db", "organization")
@pytest.mark.parametrize(("is_redelivered", "looks"), [(True, [FREE_AFTER_SECONDS]), (False, [])])
def test_what_was_claimed_by_whoever_was_killed_is_looked_at_once_it_is_free(
    is_redelivered: bool, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(naming).run
    with all_organizations():
        assert claim_unit(run, naming, now=timezone.now())
    published: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda *_args, countdown, **_options: published.append(countdown))
    work_run.push_request(delivery_info={"redelivered": is_redelivered})
    work_run.run(run_id=run.pk)
    work_run.pop_request()
    assert published == looks


@pytest.mark.usefixtures("db", "organization")
def test_the_end_of_a_run_calls_workers_to_those_that_waited_for_it(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    follower = begin(letters).run
    with all_organizations():
        first = JobRun.objects.get(job="names")
    published: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda *_args, kwargs, **_options: published.append(kwargs["run_id"]))
    with django_capture_on_commit_callbacks(execute=True):
        work_on(first, patience=PATIENCE)
    assert published == [follower.pk]
