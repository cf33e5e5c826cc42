"""What each job of the clock would do for one organization now, without ledger and worker."""

from collections.abc import Iterator
from datetime import datetime

from accounts.models import Organization
from jobs.definitions import Job, Spread, WorkUnit, all_jobs


def units_of(organization: Organization, *, now: datetime) -> Iterator[tuple[Job, WorkUnit]]:
    """One unit of all its clients for each job but those of the installation."""
    for job in all_jobs():
        if job.spread is not Spread.INSTALLATION:
            yield (
                job,
                WorkUnit(
                    organization=organization.pk,
                    period=job.every.period_of(now),
                    first_client=None,
                    last_client=None,
                    as_of=now,
                    begun_at=now,
                    parameters={},
                ),
            )
