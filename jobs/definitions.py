"""What a job is. The apps above declare theirs; `settings.JOBS` names them, so that nothing here imports upwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

from jobs.periods import Every, Period

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    from jobs.models import JobRun


class UnknownJobError(LookupError):
    """No job of this name is in settings.JOBS."""


class CatchUp(StrEnum):
    """Which of the periods that were missed are run later."""

    EVERY = "every"
    NEWEST = "newest"


class Spread(StrEnum):
    """What one unit of work is about. Only ranges of clients can be halved around a client that fails."""

    CLIENTS = "clients"
    ORGANIZATION = "organization"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkUnit:
    """A piece of a run, as the job's `work` gets it.

    `first_client` and `last_client` are ids, both included; None is an open end, so None and None is the
    whole organization. `as_of` is when the work is done, for stamps; what is worked on is `period`. `begun_at` is
    when the run began.
    """

    organization: int | None
    period: Period
    first_client: int | None
    last_client: int | None
    as_of: datetime
    begun_at: datetime
    parameters: Mapping[str, str]

    @property
    def organization_id(self) -> int:
        """Of a job that is spread over organizations or clients."""
        if self.organization is None:
            raise LookupError("This unit is about the whole installation.")
        return self.organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of work that is done once for every period.

    `work` runs inside of a transaction in the scope of the unit's organization (of all organizations for
    Spread.INSTALLATION) and commits together with the unit's being done: it may be called again after a
    failure, for a part of the range, or by hand for a period done before, and must then leave the same
    rows. It returns counts by name, which are added up over the units; those in `count_names` are always
    reported. A client that fails counts one in `processed` and one in `failed` without its doing.
    `after` names the job whose same period must be done for an organization before this one begins there.
    `tells` maps counts of this job to the names under which the job that it follows reports them as its own; the
    cron endpoint of that job runs this one too.
    What a run sets going may outlast it, such as mails that are handed over one by one: `became` counts what has
    become of it so far, for the report (in the scope of all organizations), and `carry_on` works on it for so many
    seconds, where somebody waits for the run. `largest_piece` is how many clients a unit has at most: it is one
    transaction. Of a job whose work locks stripes of `cut_at` neighbouring ids, no two units touch the same stripe, and
    none waits for the other; a unit may then have nearly so many clients more.
    A week ends on a Monday and a month on the first of the next. What is a pure function of its days may also be asked
    for with any other end (`ends_on_any_day`); what a client gets once a week may not, as two such weeks overlap.
    A job that `writes_to_clients` is not begun by hand while automatic work is switched off.
    """

    name: str
    title: "StrPromise | str"
    every: Every
    work: Callable[[WorkUnit], Mapping[str, int]]
    spread: Spread = Spread.CLIENTS
    catch_up: CatchUp = CatchUp.EVERY
    after: str | None = None
    tells: Mapping[str, str] = field(default_factory=dict)
    became: "Callable[[JobRun], Mapping[str, int]] | None" = None
    carry_on: Callable[[float], object] | None = None
    largest_piece: int = 250_000
    cut_at: int = 1
    ends_on_any_day: bool = False
    writes_to_clients: bool = False
    count_names: tuple[str, ...] = ("processed", "success", "failed")


def job_named(name: str) -> Job:
    """Raises UnknownJobError."""
    schedule = settings.JOBS.get(name)
    if schedule is None:
        raise UnknownJobError(name)
    job: Job = import_string(schedule["handler"])
    return job


def all_jobs() -> list[Job]:
    """In the order of settings.JOBS, in which a chain is run by hand."""
    return [job_named(name) for name in settings.JOBS]


def sequels_of(job: Job) -> list[Job]:
    """The jobs that follow this one and add to what it reports."""
    return [other for other in all_jobs() if other.after == job.name and other.tells]
