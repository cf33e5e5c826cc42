import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Organization
from jobs.asking import SwitchedOffError, UnableToRunPeriodError, check_period
from jobs.by_hand import organization_of_slug, run_by_hand
from jobs.definitions import Job, UnknownJobError, job_named
from jobs.models import JobRun
from jobs.periods import Period


class Command(BaseCommand):
    help = "Run a job by hand, beside the workers if there are any; ends with 1 when something failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as in the list of jobs, such as success-score")
        parser.add_argument("--period", help="end of the period: a date, or an hour such as 2026-01-05T07Z")
        parser.add_argument("--organization", help="slug: only this organization, even if it is switched off")
        parser.add_argument("--again", action="store_true", help="also when this period is done")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            job = job_named(options["name"])
        except UnknownJobError as unknown:
            raise CommandError(f"There is no job {unknown}.") from None
        organization = organization_of_slug(options["organization"]) if options["organization"] else None
        period = _period(options["period"], job=job, organization=organization, now=timezone.now())
        try:
            run = run_by_hand(job, period, organization=organization, again=options["again"], output=self.stdout)
        except SwitchedOffError as error:
            raise CommandError(str(error)) from None
        if run.status in {JobRun.Status.FAILED, JobRun.Status.PARTIAL}:
            sys.exit(1)


def _period(text: str | None, *, job: Job, organization: Organization | None, now: datetime) -> Period:
    if not text:
        return job.every.period_of(now)
    try:
        period = job.every.period(text)
    except ValueError:
        raise CommandError("--period is a date such as 2026-01-05, or an hour such as 2026-01-05T07Z.") from None
    try:
        check_period(period, job=job, organization=organization, now=now)
    except UnableToRunPeriodError as error:
        raise CommandError(str(error)) from None
    return period
