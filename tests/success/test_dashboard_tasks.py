from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Task
from telemetry.models import Event
from tests.success.scored_clients import NOW, client_with_login
from tests.success.test_dashboard_insights import HTMX, PAGE, signed_in, words
from tests.success.told_clients import add_task

TODAY = date(2026, 1, 14)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(db: None, outsider: Organization) -> Client:
    return client_with_login()


def section(client: Client) -> str:
    page = signed_in(client).get(PAGE).content.decode()
    return page[page.index('id="tasks"') :].split("</section>")[0]


def status(task: Task) -> str:
    with all_organizations():
        task.refresh_from_db()
    return task.status


def test_without_tasks_there_is_no_section(ada: Client) -> None:
    add_task(client_with_login("grace", organization=ada.organization, external_id="user-2"))
    assert 'id="tasks"' not in signed_in(ada).get(PAGE).content.decode()


def test_open_tasks_stand_by_due_date_with_what_is_urgent_about_them(ada: Client) -> None:
    add_task(ada, "Some day")
    add_task(
        ada, "Next week", due_on=TODAY + timedelta(days=7), status="in_progress", updated_at=NOW - timedelta(hours=73)
    )
    add_task(ada, "Today", due_on=TODAY)
    add_task(ada, "Last week", due_on=TODAY - timedelta(days=7))
    assert (
        "Last week Overdue · due Jan. 7, 2026 Today Due today"
        " Next week No progress for 3 days · due Jan. 21, 2026 Some day"
    ) in words(section(ada))


def test_the_onboarding_shows_how_far_it_has_got(ada: Client) -> None:
    for number in range(4):
        add_task(ada, is_onboarding=True, status="done" if number else "todo")
    add_task(ada, status="done")
    shown = section(ada)
    assert "1 open Onboarding 3 of 4 done" in words(shown)
    assert '<rect class="fill" width="75%"' in shown
    assert "4 done" in words(shown)


def test_when_all_is_done_it_says_so(ada: Client) -> None:
    add_task(ada, status="done")
    assert "All done. Nothing is waiting for you. 1 done" in words(section(ada))


def test_of_many_tasks_the_first_are_open_and_the_rest_is_folded_or_counted(ada: Client) -> None:
    with all_organizations():
        fields = {"organization_id": ada.organization_id, "client": ada, "created_at": NOW, "updated_at": NOW}
        Task.objects.bulk_create(Task(title=f"Task {n}", **fields) for n in range(120))
        Task.objects.bulk_create(Task(title="Done", status="done", completed_at=NOW, **fields) for n in range(80))
    shown = section(ada)
    assert shown.split("<details")[0].count('role="checkbox"') == 6
    assert shown.count('aria-checked="false"') == 100
    assert shown.count('aria-checked="true"') == 10
    assert [
        text for text in ("120 open", "94 more", "20 further tasks appear here", "80 done") if text in words(shown)
    ] == [
        "120 open",
        "94 more",
        "20 further tasks appear here",
        "80 done",
    ]


def test_titles_are_escaped_and_isolated(ada: Client) -> None:
    add_task(ada, '<img src=x onerror="x"> عبد 🚀')
    assert "<bdi>&lt;img src=x onerror=&quot;x&quot;&gt; عبد 🚀</bdi>" in section(ada)


def test_a_task_is_ticked_off_and_taken_back(ada: Client, django_capture_on_commit_callbacks: Any) -> None:
    task = add_task(ada)
    browser = signed_in(ada)
    with django_capture_on_commit_callbacks(execute=True):
        done = browser.post(f"/client/tasks/{task.pk}/complete")
        assert (done.status_code, done["Location"], status(task)) == (302, f"{PAGE}#tasks", "done")
        browser.post(f"/client/tasks/{task.pk}/complete")
    with all_organizations():
        assert list(Event.objects.values_list("client_id", "name")) == [(ada.pk, "task_completed")]
    again = browser.post(f"/client/tasks/{task.pk}/reopen")
    assert (again["Location"], status(task)) == (f"{PAGE}#task-{task.pk}", "todo")


def test_with_htmx_the_task_stays_where_it_stood_ticked(ada: Client) -> None:
    tasks = [add_task(ada, f"Task {number}") for number in range(3)]
    response = signed_in(ada).post(f"/client/tasks/{tasks[1].pk}/complete", headers=HTMX)
    body = response.content.decode()
    assert body.startswith('<section class="card tasks" id="tasks"')
    assert words(body).startswith("Your tasks 2 open Task 0 Task 1 done on Jan. 14, 2026 Task 2")
    assert f'aria-checked="true" id="task-{tasks[1].pk}" formaction="/client/tasks/{tasks[1].pk}/reopen"' in body
    assert words(body).endswith("Done: Task 1")


def test_a_task_touched_in_a_folded_list_stays_in_sight(ada: Client) -> None:
    tasks = [add_task(ada, f"Task {number}") for number in range(9)]
    browser = signed_in(ada)
    done = browser.post(f"/client/tasks/{tasks[8].pk}/complete", headers=HTMX).content.decode()
    assert '<details class="more" open>' in done
    again = browser.post(f"/client/tasks/{tasks[8].pk}/reopen", headers=HTMX).content.decode()
    assert '<details class="more" open>' in again
    assert words(again).endswith("Open again: Task 8")
