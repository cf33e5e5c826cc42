import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from jobs.by_hand import run_by_hand
from jobs.definitions import all_jobs
from jobs.models import JobRun
from jobs.periods import Every


class Command(BaseCommand):
    help = "Run the weekly jobs of this week in sequence; those that are done are only reported."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="also those that are done")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        failed = False
        for job in all_jobs():
            if job.every is Every.WEEK:
                run = run_by_hand(job, job.every.period_of(now), again=options["again"], output=self.stdout)
                failed |= run.status in {JobRun.Status.FAILED, JobRun.Status.PARTIAL}
        if failed:
            sys.exit(1)
