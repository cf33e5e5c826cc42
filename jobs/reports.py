"""What a run has come to so far, for those who asked for it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from accounts.tenancy import all_organizations
from jobs.definitions import Job, sequels_of
from jobs.ledger import OPEN, counts_so_far
from jobs.models import JobRun, JobUnit


@dataclass(frozen=True, slots=True)
class Report:
    """`pending` units may be worked on now, `deferred` ones when their period has ended where they are."""

    run: JobRun
    counts: dict[str, int]
    units: int
    pending: int
    deferred: int
    next_at: datetime | None

    @property
    def done_rate(self) -> float:
        return 1.0 if not self.units else 1 - (self.pending + self.deferred) / self.units

    def as_json(self) -> dict[str, Any]:
        return self.counts | {
            "errors": self.run.errors,
            "run": self.run.pk,
            "job": self.run.job,
            "period": self.run.period,
            "status": self.run.status,
            "timesRun": self.run.generation,
            "startedAt": self.run.started_at,
            "endedAt": self.run.ended_at,
            "pending": self.pending,
            "deferred": self.deferred,
        }


def report(run: JobRun, *, job: Job, now: datetime) -> Report:
    """The counts that the job always reports are there, if only as 0; with those of the jobs that add to them."""
    counts = dict.fromkeys(job.count_names, 0) | counts_of(run, job=job)
    for sequel in sequels_of(job):
        told = _counts_of_sequel(sequel, run)
        counts |= {name: told.get(count, 0) for count, name in sequel.tells.items()}
    return Report(run=run, counts=counts, **_units_of(run, now=now))


def counts_of(run: JobRun, *, job: Job) -> dict[str, int]:
    """What the run counted, and what has become since of what it set going; the same names are added up."""
    counted = Counter(run.counts if run.ended_at else counts_so_far(run))
    if job.became:
        with all_organizations():
            counted.update(job.became(run))
    return dict(counted)


def _counts_of_sequel(sequel: Job, run: JobRun) -> dict[str, int]:
    with all_organizations():
        found = JobRun.objects.filter(job=sequel.name, period=run.period, organization=run.organization_id).first()
    return counts_of(found, job=sequel) if found else {}


def _units_of(run: JobRun, *, now: datetime) -> dict[str, Any]:
    is_open = Q(status__in=OPEN)
    with all_organizations():
        return JobUnit.objects.filter(run=run, generation=run.generation).aggregate(
            units=Count("id", filter=~Q(status=JobUnit.Status.SPLIT)),
            pending=Count("id", filter=is_open & Q(available_at__lte=now)),
            deferred=Count("id", filter=is_open & Q(available_at__gt=now)),
            next_at=Min("available_at", filter=is_open & Q(available_at__gt=now)),
        )
