"""Keeps the ledger from growing for ever: what a run consisted of is of interest for weeks, that it was for years."""

from datetime import datetime, timedelta

from accounts.tenancy import all_organizations
from jobs.models import JobRun, JobUnit

KEEP_UNITS = timedelta(days=30)
KEEP_RUNS = timedelta(days=3 * 365)


def prune_ledger(*, as_of: datetime) -> int:
    """Drop the units of runs that ended a month ago, and runs of three years ago; returns the rows dropped."""
    with all_organizations():
        units, _ = JobUnit.objects.filter(run__ended_at__lt=as_of - KEEP_UNITS).delete()
        runs, _ = JobRun.objects.filter(ended_at__lt=as_of - KEEP_RUNS).delete()
    return units + runs
