import time
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone

from accounts.tenancy import all_organizations
from jobs import pruning, reconciling
from jobs.definitions import job_named
from jobs.looks import LOOK_EXPIRES_SECONDS, WORK_RUN, publish_looks
from jobs.models import JobRun
from jobs.running import Patience, work_on
from jobs.schedules import RECONCILE_JOB
from jobs.trying_again import TRIES_AGAIN
from jobs.units import TAKEOVER_SECONDS

# A unit may take until its statement's time limit; together they stay under the task's.
BEGINS_UNITS_SECONDS = 25
# What a worker had claimed that has just died can be taken over by then.
FREE_AFTER_SECONDS = TAKEOVER_SECONDS + 1


@shared_task(name=RECONCILE_JOB, **TRIES_AGAIN)
def reconcile_job(*, name: str) -> None:
    """What the job's own row of the clock fires."""
    if settings.ENABLE_SUCCESS_CRONS:
        reconciling.reconcile(job_named(name), now=timezone.now(), is_fired=True)


@shared_task(name="jobs.reconcile_all", **TRIES_AGAIN)
def reconcile_all() -> None:
    """The tick: catches up what the clock, a worker or the broker lost."""
    reconciling.reconcile_all(now=timezone.now())


@worker_ready.connect
def look_at_once(sender: Any, **kwargs: Any) -> None:
    """A worker that starts does not wait for the next tick to take over what a dead one left or seems to hold."""
    for countdown in (0, FREE_AFTER_SECONDS):
        reconcile_all.apply_async(countdown=countdown, expires=LOOK_EXPIRES_SECONDS)


@shared_task(name="jobs.prune_ledger")
def prune_ledger() -> int:
    return pruning.prune_ledger(as_of=timezone.now())


@shared_task(name=WORK_RUN, bind=True, **TRIES_AGAIN)
def work_run(self: Task[..., None], *, run_id: int) -> None:
    """Work on a run for a while, then let other messages have their turn."""
    with all_organizations():
        run = JobRun.objects.filter(pk=run_id, status=JobRun.Status.RUNNING).first()
    if run is None or reconciling.is_held(run):
        return
    patience = Patience(BEGINS_UNITS_SECONDS)
    began = time.monotonic()
    work_on(run, patience=patience)
    if run.status == JobRun.Status.RUNNING and (self.request.delivery_info or {}).get("redelivered"):
        # Whoever had the message before was killed.
        publish_looks(run.pk, units=1, countdown=FREE_AFTER_SECONDS)
    if run.status == JobRun.Status.RUNNING and time.monotonic() - began >= patience.seconds:
        publish_looks(run.pk, units=1)
