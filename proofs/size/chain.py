"""The jobs as the workers run them: their seconds, what they counted, and how much memory a worker came to need."""

import time
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from accounts.tenancy import all_organizations
from jobs.definitions import job_named
from jobs.ledger import begin_run
from jobs.models import JobRun
from proofs.faults.disturbances import family
from proofs.size.figures import Figures, timed
from success.models import Score

WEEKLY = ("success-score", "health-check-after-scores", "success-insights", "success-email")
NEWS = ("opened", "reopened", "escalated", "resolved")


class FailedRunError(Exception):
    pass


def weekly_chain(worker: int) -> Figures:
    """All four of this week, one after the other; those done at the size before are done again."""
    figures: Figures = {}
    for name in WEEKLY:
        run, seconds, memory = run_job(name, worker=worker)
        figures |= {f"{name}, s": seconds, f"{name}, a worker's memory, MB": memory}
        figures |= {f"{name}: {counted}": run.counts[counted] for counted in COUNTED[name]}
    figures["weekly chain, s"] = sum(figures[f"{name}, s"] for name in WEEKLY)
    figures["scores of this week"] = _scores()
    return figures


COUNTED = {
    "success-score": ("processed",),
    "health-check-after-scores": ("opened",),
    "success-insights": ("insights",),
    "success-email": ("processed", "queued"),
}


def hourly_check(what: str, worker: int) -> Figures:
    run, seconds, memory = run_job("health-check", worker=worker)
    news = sum(run.counts[name] for name in NEWS)
    return {
        f"hourly check, {what}, s": seconds,
        f"hourly check, {what}: changed": news,
        f"hourly check, {what}, a worker's memory, MB": memory,
    }


def run_job(name: str, *, worker: int) -> tuple[JobRun, float, float]:
    """Of all organizations, for the present period; its seconds and the most megabytes that a child had at once."""
    children = family(worker)[1:]
    for child in children:
        # Forgets the most that it had before.
        Path(f"/proc/{child}/clear_refs").write_text("5")
    job, now = job_named(name), timezone.now()
    with timed() as taken:
        period = job.every.period_of(now)
        run = begin_run(job, period, trigger=JobRun.Trigger.COMMAND, due_at=now, now=now, again=True).run
        while run.status == JobRun.Status.RUNNING:
            time.sleep(0.05)
            with all_organizations():
                run.refresh_from_db()
    if run.status != JobRun.Status.SUCCEEDED:
        raise FailedRunError(f"{name} {run.status}: {run.errors}")
    return run, taken.seconds, max(most_memory(child) for child in children)


def most_memory(pid: int) -> float:
    """The process's high-water mark of resident memory, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _scores() -> int:
    monday = timezone.now().date()
    monday -= timedelta(days=monday.weekday())
    with all_organizations():
        return Score.objects.filter(period_end=monday).count()
