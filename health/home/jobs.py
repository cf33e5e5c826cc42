"""The jobs on the home page: what needs somebody first, and each with its state, its newest run and when it is next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Organization
from health.home.moments import moment_in_words
from jobs.models import JobRun
from jobs.own_states import OwnJobState, own_job_states
from jobs.status import JobState, job_states

Status = JobRun.Status


class Urgency(IntEnum):
    """How much a job needs somebody."""

    FAILING = 0
    LOOK = 1
    NONE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """`state` is that of the newest run, empty without one; `waits_until` of one whose work cannot be done yet.

    `percent` is how far it has come where that is known; `version` changes with what came of the run. `failing_in` are
    the slugs of the organizations in which it fails beside others that work, the whole job fails where there are none.
    """

    as_of: datetime
    name: str
    title: str
    state: str
    run_id: int | None
    version: str
    without_run: str
    started_at: datetime | None
    errors: int
    percent: int | None
    waits_until: datetime | None
    next_due_at: datetime | None
    late_since: datetime | None
    is_failing: bool
    failing_in: Sequence[str]
    is_paused: bool

    @property
    def label(self) -> str:
        if self.waits_until:
            return _("Waits for midnight")
        return str(Status(self.state).label) if self.state else self.without_run

    @property
    def last(self) -> str:
        return "" if self.waits_until else self._in_words(self.started_at)

    @property
    def next(self) -> str:
        return self._in_words(self.waits_until or self.next_due_at)

    @property
    def late(self) -> str:
        return self._in_words(self.late_since)

    @property
    def urgency(self) -> Urgency:
        if self.late_since or self.is_failing or self.state == Status.FAILED:
            return Urgency.FAILING
        return Urgency.LOOK if self.state in (Status.PARTIAL, Status.SKIPPED_LATE) else Urgency.NONE

    def _in_words(self, moment: datetime | None) -> str:
        return moment_in_words(moment, now=self.as_of) if moment else ""


@dataclass(frozen=True, slots=True)
class Jobs:
    """`urgent` are the worst first, `well` all others, both otherwise in the order of the settings.

    `stopped_by` says who switched automatic work off, or why there is none: installation, organization, status.
    """

    urgent: list[JobLine]
    well: list[JobLine]
    stopped_by: str

    @property
    def all(self) -> list[JobLine]:
        return self.urgent + self.well

    @property
    def is_any_failing(self) -> bool:
        return any(line.urgency is Urgency.FAILING for line in self.urgent)


def jobs_of_installation(*, as_of: datetime) -> Jobs:
    """As on the jobs' own page: runs of all organizations."""
    lines = [_line(state, as_of=as_of) for state in job_states(as_of=as_of)]
    return _sorted(lines, "" if settings.ENABLE_SUCCESS_CRONS else "installation")


def jobs_of_organization(organization: Organization, *, as_of: datetime) -> Jobs:
    """What is true of the organization, of the jobs that work on organizations."""
    lines = [_own_line(state, as_of=as_of) for state in own_job_states(organization, as_of=as_of)]
    return _sorted(lines, _stopped_by(organization))


def _line(state: JobState, *, as_of: datetime) -> JobLine:
    run, progress = state.last_run, state.progress
    return JobLine(
        as_of=as_of,
        name=state.job.name,
        title=str(state.job.title),
        state=run.status if run else "",
        run_id=run.pk if run else None,
        version=f"{run.pk}.{run.generation}.{run.status}" if run else "",
        without_run=_("Not run yet"),
        started_at=run.started_at if run else None,
        errors=progress.failed if progress else run.error_count if run else 0,
        percent=progress.percent if progress else None,
        waits_until=None,
        next_due_at=state.next_due_at,
        late_since=state.late.due_at if state.late else None,
        is_failing=state.failing is not None,
        failing_in=state.failing.organizations if state.failing else (),
        is_paused=state.is_paused,
    )


def _own_line(state: OwnJobState, *, as_of: datetime) -> JobLine:
    run = state.last_run
    return JobLine(
        as_of=as_of,
        name=state.job.name,
        title=str(state.job.title),
        state=run.status if run else "",
        run_id=None,
        version=f"{run.run_id}.{run.generation}.{run.status}" if run else "",
        without_run=_("No run in the last 30 days"),
        started_at=run.started_at if run else None,
        errors=run.errors if run else 0,
        percent=None,
        waits_until=run.open_since if run and run.open_since and run.open_since > as_of else None,
        next_due_at=state.next_due_at,
        late_since=state.late_since,
        is_failing=False,
        failing_in=(),
        is_paused=state.is_paused,
    )


def _sorted(lines: list[JobLine], stopped_by: str) -> Jobs:
    urgent = sorted((line for line in lines if line.urgency is not Urgency.NONE), key=lambda line: line.urgency)
    return Jobs(urgent, [line for line in lines if line.urgency is Urgency.NONE], stopped_by)


def _stopped_by(organization: Organization) -> str:
    if not settings.ENABLE_SUCCESS_CRONS:
        return "installation"
    if organization.status != Organization.Status.ACTIVE:
        return "status"
    return "" if organization.runs_jobs else "organization"
