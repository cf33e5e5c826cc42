"""What may be asked of a job by name, whether at an endpoint, in a command or in the admin."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.conf import settings

from accounts.models import Organization
from jobs.definitions import Job
from jobs.periods import Every, Period

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
ENDS_ON: Mapping[Every, str] = {Every.WEEK: "Mondays", Every.MONTH: "the first of the next"}


class UnableToRunPeriodError(ValueError):
    """It is no period of the job; the message tells which one to ask for, where there is one."""


class FuturePeriodError(UnableToRunPeriodError):
    """The period has not ended yet."""


class SwitchedOffError(Exception):
    """The job writes to clients, and nothing is sent to them by itself just now."""


def check_period(period: Period, *, job: Job, organization: Organization | None, now: datetime) -> None:
    """Raises UnableToRunPeriodError.

    A period has ended when its last day is over where the organization is, or by UTC where all are asked for: then each
    is worked on when its own day is over.
    """
    if period.end < EARLIEST:
        raise UnableToRunPeriodError("The period lies before all events.")
    if period.ended_at(organization.timezone if organization else UTC) > now:
        raise FuturePeriodError("This period has not ended yet.")
    usual = job.every.period_of(period.end)
    if usual != period and not job.ends_on_any_day:
        raise UnableToRunPeriodError(
            f"The {job.every}s of {job.name} end on {ENDS_ON[job.every]}: ask for {usual.key}."
        )


def check_switches(job: Job, *, organization: Organization | None = None) -> None:
    """Raises SwitchedOffError: run now, the job would record of each client that this period is not sent to them."""
    if not job.writes_to_clients:
        return
    lost = f"Run now, {job.name} would skip every client of this period for good"
    if not settings.ENABLE_SUCCESS_CRONS:
        raise SwitchedOffError(
            f"Automatic work is switched off (ENABLE_SUCCESS_CRONS). {lost}: switch it on first. "
            "To hold mail back, pause outgoing mail under Schedules."
        )
    if organization and not organization.runs_jobs:
        raise SwitchedOffError(f"Automatic work is switched off for {organization.slug}. {lost}: switch it on first.")
