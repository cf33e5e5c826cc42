"""Running the product's jobs as an installation does: through the ledger and Celery workers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from accounts.models import Organization
from accounts.tenancy import all_organizations
from jobs.definitions import Job
from jobs.ledger import begin_run
from jobs.models import JobRun
from jobs.periods import Period


@contextmanager
def workers() -> Iterator[None]:
    """Two of them, for as long as the measurement takes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "--loglevel", "ERROR"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"},
        stdout=subprocess.DEVNULL,
    )
    try:
        time.sleep(5)
        yield
    finally:
        process.terminate()
        process.wait(30)


def time_run(job: Job, period: Period, *, organization: Organization) -> tuple[float, dict[str, int]]:
    """Seconds from asking for the run to its end, and what it counted. Raises when something failed."""
    started = time.perf_counter()
    run = begin_run(
        job,
        period,
        trigger=JobRun.Trigger.COMMAND,
        due_at=timezone.now(),
        now=timezone.now(),
        organization=organization,
        again=True,
    ).run
    while run.status == JobRun.Status.RUNNING:
        time.sleep(0.02)
        with all_organizations():
            run.refresh_from_db()
    if run.status != JobRun.Status.SUCCEEDED:
        raise RuntimeError(f"The run {run.status}: {run.errors}")
    return time.perf_counter() - started, run.counts
