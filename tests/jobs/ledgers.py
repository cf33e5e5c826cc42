"""What the tests say again and again about runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.definitions import Job
from jobs.ledger import Begun, begin_run
from jobs.models import JobRun, JobUnit
from jobs.running import Patience, work_on

MONDAY = datetime(2026, 9, 7, 7, tzinfo=UTC)
WEEK = timedelta(days=7)
PATIENCE = Patience(30, waits=True)


def begin(job: Job, *, at: datetime = MONDAY, **options: Any) -> Begun:
    period = options.pop("period", None) or job.every.period_of(at)
    options.setdefault("trigger", JobRun.Trigger.COMMAND)
    return begin_run(job, period, due_at=at, now=at, **options)


def run_through(job: Job, **options: Any) -> JobRun:
    return work_on(begin(job, **options).run, patience=PATIENCE)


def runs() -> list[tuple[str, str, str]]:
    """Job, period and status of every run, in the order in which they were begun."""
    if connection.in_atomic_block:
        # An error answered by the API marks the transaction of the test itself.
        transaction.set_rollback(False)
    with all_organizations():
        return list(JobRun.objects.order_by("id").values_list("job", "period", "status"))


def units(run: JobRun) -> list[tuple[int | None, int | None, str]]:
    with all_organizations():
        rows = JobUnit.objects.filter(run=run, generation=run.generation).order_by("id")
        return list(rows.values_list("first_client", "last_client", "status"))


def names(organization: Organization) -> list[str]:
    with all_organizations():
        return list(Client.objects.filter(organization=organization).order_by("id").values_list("name", flat=True))
