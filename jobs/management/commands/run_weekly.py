import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from jobs.asking import SwitchedOffError
from jobs.by_hand import run_by_hand
from jobs.definitions import Job, all_jobs
from jobs.models import JobRun
from jobs.periods import Every, Period


class Command(BaseCommand):
    help = "Run the weekly jobs of this week in sequence; those that are done are only reported."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="also those that are done")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        failed = False
        for job in all_jobs():
            if job.every is Every.WEEK:
                failed |= self._is_failure(job, job.every.period_of(now), again=options["again"])
        if failed:
            sys.exit(1)

    def _is_failure(self, job: Job, period: Period, *, again: bool) -> bool:
        try:
            run = run_by_hand(job, period, again=again, output=self.stdout)
        except SwitchedOffError as error:
            self.stdout.write(f"{job.name} {period.key}: left out. {error}")
            return False
        return run.status in {JobRun.Status.FAILED, JobRun.Status.PARTIAL}
