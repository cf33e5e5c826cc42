"""Doing again what was done between a backup and the failure that made it needed."""

from collections.abc import Iterator
from datetime import datetime

from accounts.tenancy import all_organizations
from jobs import reconciling
from jobs.models import JobRun
from jobs.running import Patience, work_on

A_DAY = 86_400


def do_lost_work(*, lost_until: datetime) -> Iterator[JobRun]:
    """Begin what fell due until then, work on every run that goes on, and give each as it then is.

    What a run sets going is left alone: it hands over no mail. Units whose time has not come stay for the workers.
    While automatic work is switched off none is begun.
    """
    reconciling.reconcile_all(now=lost_until)
    with all_organizations():
        running = list(JobRun.objects.filter(status=JobRun.Status.RUNNING).order_by("id"))
    for run in running:
        if not reconciling.is_held(run):
            yield work_on(run, patience=Patience(A_DAY))
