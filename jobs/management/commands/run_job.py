import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jobs.by_hand import organization_of_slug, run_by_hand
from jobs.definitions import UnknownJobError, job_named
from jobs.models import JobRun


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
        now = timezone.now()
        try:
            period = job.every.period(options["period"]) if options["period"] else job.every.period_of(now)
        except ValueError:
            raise CommandError("--period is a date such as 2026-01-05, or an hour such as 2026-01-05T07Z.") from None
        if period.end > now:
            raise CommandError("This period has not ended yet.")
        organization = organization_of_slug(options["organization"]) if options["organization"] else None
        run = run_by_hand(job, period, organization=organization, again=options["again"], output=self.stdout)
        if run.status in {JobRun.Status.FAILED, JobRun.Status.PARTIAL}:
            sys.exit(1)
