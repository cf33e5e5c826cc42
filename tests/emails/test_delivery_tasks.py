"""How many workers take part in a minute."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery import current_app
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from emails import tasks
from emails.claiming import due_emails
from emails.outbox import queue_mails
from emails.states import claim_emails
from jobs.schedule_sync import sync_schedules
from tests.emails.outgoing import NOW, mail, rows

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize(("waiting", "asked"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (9, 2)])
def test_as_many_workers_are_asked_as_there_is_work_for(
    waiting: int, asked: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_WORKERS = 3
    monkeypatch.setattr(tasks, "SHARE", 2)
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: messages.append((*args, options)))
    queue_mails([mail(key=str(number)) for number in range(waiting)])
    with time_machine.travel(NOW, tick=False):
        assert tasks.deliver_all() == waiting
    assert messages == [("emails.send_due", {"expires": 60})] * asked


def test_what_a_dead_sender_may_have_is_looked_at_once_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: messages.append((*args, options)))
    queue_mails([mail()])
    claim_emails(now=NOW, most=1)
    with time_machine.travel(NOW, tick=False):
        assert tasks.deliver_all() == 0
    assert messages == [("emails.send_due", {"countdown": 21, "expires": 60})]


def test_a_worker_that_starts_sends_what_is_due_unless_staff_paused_it() -> None:
    sync_schedules()
    queue_mails([mail()])
    with time_machine.travel(NOW, tick=False):
        PeriodicTask.objects.filter(name="outgoing mail").update(enabled=False)
        assert tasks.deliver_left() == 0
        PeriodicTask.objects.filter(name="outgoing mail").update(enabled=True)
        assert tasks.deliver_left() == 1


def test_what_is_due_is_counted_up_to_a_limit() -> None:
    for priority in (0, 40, 90):
        queue_mails([mail(key=f"{priority} {minutes}", priority=priority, due_at=NOW + timedelta(minutes=minutes))
                     for minutes in range(-2, 3)])  # fmt: skip
    assert [due_emails(now=NOW, most=most) for most in (100, 5)] == [9, 5]


def test_a_worker_that_is_asked_sends() -> None:
    queue_mails([mail()])
    with time_machine.travel(NOW, tick=False):
        assert tasks.send_due() == 1
    assert rows("status") == [("sent",)]
