"""The scores of the simulated past, computed by the same job that computes them every Monday."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from jobs.definitions import job_named
from jobs.ledger import begin_run
from jobs.models import JobRun
from jobs.running import Patience, work_on
from success.scoring import score_clients

WEEKS = 10
PATIENCE = Patience(seconds=60, waits=True)


def mondays_until(day: date) -> list[date]:
    """The newest WEEKS Mondays up to and including this day, oldest first."""
    newest = day - timedelta(days=day.weekday())
    return [newest - timedelta(weeks=weeks) for weeks in reversed(range(WEEKS))]


def score_past_weeks(organization: Organization, *, today: date, now: datetime) -> Iterator[JobRun]:
    """A week that was scored before stays as it is."""
    job = job_named("success-score")
    for monday in mondays_until(today):
        begun = begin_run(
            job,
            job.every.period(monday.isoformat()),
            trigger=JobRun.Trigger.COMMAND,
            due_at=now,
            now=now,
            organization=organization,
        )
        yield work_on(begun.run, patience=PATIENCE)


def score_today(organization: Organization, external_id: str, *, today: date, computed_at: datetime) -> None:
    """The client who signs in sees a score that is as new as can be."""
    with organization_scope(organization.pk):
        client = Client.objects.get(organization=organization, external_id=external_id).pk
        score_clients(
            organization.pk, period_end=today, first_client=client, last_client=client, computed_at=computed_at
        )
