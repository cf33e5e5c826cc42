"""Scores and insights of the simulated past and the alerts of now, made by the same jobs that make them later."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from jobs.definitions import job_named
from jobs.ledger import begin_run
from jobs.models import JobRun
from jobs.periods import Every, Period
from jobs.running import Patience, work_on
from success.demo.insights import react_to_insights
from success.insights.expiry import expires_at
from success.scoring import score_clients

WEEKS = 10
PATIENCE = Patience(seconds=60, waits=True)


def mondays_until(day: date) -> list[date]:
    """The newest WEEKS Mondays up to and including this day, oldest first."""
    newest = day - timedelta(days=day.weekday())
    return [newest - timedelta(weeks=weeks) for weeks in reversed(range(WEEKS))]


def work_through_weeks(organization: Organization, *, today: date, now: datetime) -> Iterator[JobRun]:
    """Run the weekly chain for each; a week that was run before stays as it is.

    Clients react to a week's insights before the next week is scored, as their reading counts there.
    """
    weeks = mondays_until(today)
    for week in weeks:
        period = Every.WEEK.period(week.isoformat())
        yield _run("success-score", organization, period, now=now)
        if expires_at(week, timezone=organization.timezone) > now:
            yield _run("success-insights", organization, period, now=now)
            if week != weeks[-1]:
                react_to_insights(organization, week=week)


def check_health(organization: Organization, *, now: datetime) -> JobRun:
    """What the next hourly check would find, so that the console is not empty until then."""
    return _run("health-check", organization, job_named("health-check").every.period_of(now), now=now)


def _run(name: str, organization: Organization, period: Period, *, now: datetime) -> JobRun:
    begun = begin_run(
        job_named(name),
        period,
        trigger=JobRun.Trigger.COMMAND,
        due_at=now,
        now=now,
        organization=organization,
    )
    return work_on(begun.run, patience=PATIENCE)


def score_today(organization: Organization, external_id: str, *, today: date, computed_at: datetime) -> None:
    """The client who signs in sees a score that is as new as can be."""
    with organization_scope(organization.pk):
        client = Client.objects.get(organization=organization, external_id=external_id).pk
        score_clients(
            organization.pk, period_end=today, first_client=client, last_client=client, computed_at=computed_at
        )
