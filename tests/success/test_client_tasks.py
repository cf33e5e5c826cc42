from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.client_tasks import (
    UnknownTaskError,
    complete_task,
    reopen_task,
    save_task,
    stalled_for,
    stalled_tasks,
    tasks_of,
)
from success.models import Task
from telemetry.models import DailyActivity, Event
from tests.factories import ClientFactory

AT = datetime(2026, 11, 17, 12, tzinfo=UTC)
Captured = Any


def add_task(client: Client, **fields: Any) -> Task:
    values = {"title": "Set up", "created_at": AT - timedelta(days=9), "updated_at": AT - timedelta(days=9)} | fields
    with all_organizations():
        return Task.objects.create(organization_id=client.organization_id, client=client, **values)


def foreign_client(outsider: Organization) -> Client:
    with organization_scope(outsider.pk):
        return Client.objects.get()


def tracked() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Event.objects.order_by("id").values_list("client", "name", "occurred_at", "message_id"))


def test_a_task_ticked_off_is_one_event(client_of_acme: Client, django_capture_on_commit_callbacks: Captured) -> None:
    task = add_task(client_of_acme, external_id="setup", is_onboarding=True)
    with (
        django_capture_on_commit_callbacks(execute=True),
        organization_scope(client_of_acme.organization_id),
    ):
        done = complete_task(client_of_acme, str(task.pk), at=AT)
        again = complete_task(client_of_acme, task.pk, at=AT + timedelta(hours=1))
    assert (done.status, done.completed_at, done.updated_at) == ("done", AT, AT)
    assert (again.status, again.completed_at, again.updated_at) == ("done", AT, AT)
    message_id = f"task-{task.pk}-completed"
    assert tracked() == [(client_of_acme.pk, "task_completed", AT, message_id)]
    with all_organizations():
        assert Event.objects.get().data == {"task": "setup", "onboarding": True}
        assert DailyActivity.objects.get().task_completed == 1


def test_a_task_done_again_after_it_was_opened_again_is_no_second_event(
    client_of_acme: Client, django_capture_on_commit_callbacks: Captured
) -> None:
    task = add_task(client_of_acme)
    with (
        django_capture_on_commit_callbacks(execute=True),
        organization_scope(client_of_acme.organization_id),
    ):
        complete_task(client_of_acme, task.pk, at=AT)
        opened = reopen_task(client_of_acme, task.pk, at=AT + timedelta(hours=1))
        opened_again = reopen_task(client_of_acme, task.pk, at=AT + timedelta(hours=2))
        again = complete_task(client_of_acme, task.pk, at=AT + timedelta(hours=3))
    assert (again.status, again.completed_at) == ("done", AT + timedelta(hours=3))
    assert (opened.status, opened.completed_at, opened.updated_at) == ("todo", None, AT + timedelta(hours=1))
    assert opened_again.updated_at == AT + timedelta(hours=1)
    assert [event[2] for event in tracked()] == [AT]
    with all_organizations():
        assert DailyActivity.objects.get().task_completed == 1


@pytest.mark.parametrize("act", [complete_task, reopen_task])
def test_what_is_not_the_clients_task_is_unknown(
    act: Callable[..., Task], client_of_acme: Client, outsider: Organization
) -> None:
    foreign = add_task(foreign_client(outsider))
    siblings = add_task(ClientFactory.create(organization=client_of_acme.organization))
    with all_organizations():
        for task_id in (foreign.pk, siblings.pk, 0, -1, 2**63, 10**30, "", "x", "1.5", "\0", "9" * 5000):
            with pytest.raises(UnknownTaskError):
                act(client_of_acme, task_id, at=AT)
        assert set(Task.objects.values_list("status", flat=True)) == {"todo"}


def test_two_completions_at_once_are_one_event(committed_db: None) -> None:
    client = ClientFactory.create()
    task = add_task(client)
    together = Barrier(4)

    def complete(seconds: int) -> datetime | None:
        try:
            with organization_scope(client.organization_id):
                Task.objects.filter(pk=task.pk).first()
                together.wait(5)
                return complete_task(client, task.pk, at=AT + timedelta(seconds=seconds)).completed_at
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        times = set(pool.map(complete, range(4)))
    assert len(times) == 1
    assert [event[2] for event in tracked()] == list(times)


@pytest.mark.parametrize(
    ("title", "code"), [("", "required"), (" \t\n\u2003", "required"), ("x" * 256, "too_long"), ("a\0b", "nul")]
)
def test_a_title_that_cannot_be_is_refused(client_of_acme: Client, title: str, code: str) -> None:
    task = Task(organization_id=client_of_acme.organization_id, client=client_of_acme, title=title)
    with all_organizations():
        with pytest.raises(ValidationError) as refused:
            save_task(task, at=AT)
        assert refused.value.error_dict["title"][0].code == code
        assert not Task.objects.exists()


@pytest.mark.parametrize("title", ["x" * 255, "🚀" * 255, "=SUM(A1)"])
def test_other_titles_are_kept_without_the_spaces_around_them(scoped: Organization, title: str) -> None:
    client = ClientFactory.create(organization=scoped)
    save_task(Task(organization=scoped, client=client, title=f" {title}\n"), at=AT)
    assert Task.objects.get().title == title


def test_tasks_are_told_in_the_order_in_which_they_matter(client_of_acme: Client, outsider: Organization) -> None:
    add_task(foreign_client(outsider), title="theirs")
    add_task(client_of_acme, title="some time")
    add_task(client_of_acme, title="done", status="done", completed_at=AT - timedelta(days=2))
    add_task(client_of_acme, title="just done", status="done", completed_at=AT)
    add_task(client_of_acme, title="later", due_on=AT.date() + timedelta(days=3))
    add_task(client_of_acme, title="soon", due_on=AT.date(), status="in_progress")
    with all_organizations():
        titles = [task.title for task in tasks_of(client_of_acme)]
    assert titles == ["soon", "later", "some time", "just done", "done"]


def test_a_task_is_stalled_from_72_hours_on(client_of_acme: Client) -> None:
    ages = {"71:59": timedelta(hours=72) - timedelta(seconds=1), "72": timedelta(hours=72), "200": timedelta(hours=200)}
    for title, age in ages.items():
        add_task(client_of_acme, title=title, status="in_progress", updated_at=AT - age)
    add_task(client_of_acme, title="todo", updated_at=AT - timedelta(days=30))
    add_task(client_of_acme, title="done", status="done", completed_at=AT, updated_at=AT - timedelta(days=30))
    with all_organizations():
        stalled = stalled_tasks(Task.objects.all(), as_of=AT).order_by("-updated_at")
        told = {task.title: stalled_for(task, as_of=AT) for task in Task.objects.all()}
        assert [task.title for task in stalled] == ["72", "200"]
        patient = stalled_tasks(Task.objects.all(), as_of=AT, after=timedelta(days=4))
        assert [task.title for task in patient] == ["200"]
    assert told == {"71:59": None, "todo": None, "done": None, "72": ages["72"], "200": ages["200"]}
