from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from health import watching

WATCH_SECONDS = 300.0


@shared_task(name="health.watch_jobs")
def watch_jobs() -> None:
    watching.watch_installation(as_of=timezone.now())


@worker_ready.connect
def watch_without_the_clock(sender: Any, **kwargs: Any) -> None:
    """Every worker also asks for the watch by its own timer: a clock that stands still cannot report that it does."""
    sender.timer.call_repeatedly(WATCH_SECONDS, watch_jobs.apply_async, kwargs={"expires": WATCH_SECONDS})
