"""Running a job from the command line and watching it."""

from typing import IO, Any, cast

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from accounts.models import Organization
from accounts.tenancy import all_organizations
from jobs.asking import check_switches
from jobs.definitions import Job
from jobs.ledger import begin_run
from jobs.models import JobRun
from jobs.periods import Period
from jobs.reports import Report, report
from jobs.running import Patience, work_on

A_DAY = 86_400


def run_by_hand(
    job: Job,
    period: Period,
    *,
    output: OutputWrapper,
    organization: Organization | None = None,
    again: bool = False,
) -> JobRun:
    """Run it, show the progress, and say what came of it. Works whether automatic work is on or off.

    Raises SwitchedOffError for a job that writes to clients while it is off.
    """
    check_switches(job, organization=organization)
    now = timezone.now()
    begun = begin_run(
        job,
        period,
        organization=organization,
        trigger=JobRun.Trigger.COMMAND,
        due_at=now,
        now=now,
        again=again,
    )
    if not begun.is_new and begun.run.status != JobRun.Status.RUNNING:
        output.write(
            f"{job.name} {period.key}: done before, at {begun.run.ended_at:%Y-%m-%d %H:%M} UTC. --again repeats it."
        )
    else:
        _work_and_show(begun.run, job=job, output=output)
    _print(report(begun.run, job=job, now=timezone.now()), output=output)
    return begun.run


def organization_of_slug(slug: str) -> Organization:
    with all_organizations():
        organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise CommandError(f"There is no organization {slug}.")
    return organization


def _work_and_show(run: JobRun, *, job: Job, output: OutputWrapper) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("units"),
        TimeElapsedColumn(),
    )
    console = Console(file=_stream(output))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(f"{job.name} {run.period}", total=None)

        def show() -> None:
            _advance(progress, bar, report(run, job=job, now=timezone.now()))

        show()
        work_on(run, patience=Patience(A_DAY, waits=True), progress=show)


def _advance(progress: Progress, bar: TaskID, reported: Report) -> None:
    done = reported.units - reported.pending - reported.deferred
    progress.update(bar, total=reported.units, completed=done)


def _print(reported: Report, *, output: OutputWrapper) -> None:
    run = reported.run
    counts = ", ".join(f"{name} {count}" for name, count in reported.counts.items())
    output.write(f"{run.job} {run.period}: {run.get_status_display()}. {counts}")
    if reported.deferred:
        output.write(f"{reported.deferred} units wait until {reported.next_at:%Y-%m-%d %H:%M} UTC for their midnight.")
    for error in run.errors[:10]:
        output.write(f"  {_subject(error)}: {error['message']}")
    if run.error_count > 10:
        output.write(f"  and {run.error_count - 10} more")


def _subject(error: dict[str, Any]) -> str:
    organization = error.get("organization", "installation")
    first, last = error.get("firstClient"), error.get("lastClient")
    if first is None and last is None:
        return str(organization)
    return f"{organization} client {first}" if first == last else f"{organization} clients {first}–{last}"


def _stream(output: OutputWrapper) -> IO[str]:
    """The bar is drawn where the command's other output goes."""
    return cast("IO[str]", output._out)  # noqa: SLF001
