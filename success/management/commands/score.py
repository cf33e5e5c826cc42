import sys
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from jobs.asking import UnableToRunPeriodError, check_period
from jobs.by_hand import organization_of_slug, run_by_hand
from jobs.definitions import job_named
from jobs.models import JobRun
from success.scores import scores_of, standing
from success.scoring import FIRST_PERIOD_END, UnableToScoreError, score_clients

SCORES = "success-score"


class Command(BaseCommand):
    help = "Compute the scores of any past period end anew; the same inputs give the same rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--period-end", required=True, help="a date such as 2026-01-05: the days before it count")
        parser.add_argument("--through", help="a later date: every seventh day from --period-end on until then, too")
        parser.add_argument("--organization", help="slug: only this organization; else all that are active")
        parser.add_argument("--client", help="external id: only this client, and its score is shown")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_of_slug(options["organization"]) if options["organization"] else None
        period_ends = _read_period_ends(
            options["period_end"], through=options["through"], organization=organization, now=timezone.now()
        )
        if options["client"] is not None:
            if organization is None:
                raise CommandError("--client needs --organization.")
            for period_end in period_ends:
                self._score_client(organization, options["client"], period_end)
            return
        runs = [self._score_all(organization, period_end) for period_end in period_ends]
        if any(run.status in {JobRun.Status.FAILED, JobRun.Status.PARTIAL} for run in runs):
            sys.exit(1)

    def _score_all(self, organization: Organization | None, period_end: date) -> JobRun:
        job = job_named(SCORES)
        period = job.every.period(period_end.isoformat())
        return run_by_hand(job, period, organization=organization, again=True, output=self.stdout)

    def _score_client(self, organization: Organization, external_id: str, period_end: date) -> None:
        with organization_scope(organization.pk):
            client = Client.objects.filter(organization=organization, external_id=external_id).first()
            if client is None:
                raise CommandError(f"{organization.slug} has no client {external_id}.")
            try:
                score_clients(
                    organization.pk,
                    period_end=period_end,
                    first_client=client.pk,
                    last_client=client.pk,
                    computed_at=timezone.now(),
                )
            except UnableToScoreError as error:
                raise CommandError(str(error)) from None
            self._show(client, period_end)

    def _show(self, client: Client, period_end: date) -> None:
        score = scores_of(client).filter(period_end=period_end).first()
        if score is None:
            self.stdout.write(f"{client.external_id} was not there yet before {period_end}: no score.")
            return
        band = score.get_band_display() or "no band"
        trend = standing(score).trend or "no trend"
        self.stdout.write(
            f"{client.external_id} {period_end}: {score.overall} ({band}, {trend}), {score.coverage} % measured"
        )


def _read_period_ends(
    text: str, *, through: str | None, organization: Organization | None, now: datetime
) -> list[date]:
    first = _read_period_end(text, organization=organization, now=now)
    last = _read_period_end(through, organization=organization, now=now) if through else first
    if last < first:
        raise CommandError("--through is not before --period-end.")
    return [first + timedelta(days=days) for days in range(0, (last - first).days + 1, 7)]


def _read_period_end(text: str, *, organization: Organization | None, now: datetime) -> date:
    job = job_named(SCORES)
    try:
        period = job.every.period(text)
    except ValueError:
        raise CommandError("--period-end and --through are dates such as 2026-01-05.") from None
    if period.end_on < FIRST_PERIOD_END:
        raise CommandError(f"There are no scores before {FIRST_PERIOD_END}.")
    try:
        check_period(period, job=job, organization=organization, now=now)
    except UnableToRunPeriodError as error:
        raise CommandError(str(error)) from None
    return period.end_on
