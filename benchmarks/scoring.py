"""Clients scored per second: the whole weekly jobs over Celery workers, and the plain loop over clients."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from benchmarks.figures import count, table
from benchmarks.plain.scoring import score_client
from benchmarks.population import analyze, create_clients, create_organization
from benchmarks.runs import time_run, workers
from jobs.definitions import job_named
from success.models import Score, ScoringPolicy

JOB = "success-score"
INSIGHTS = "success-insights"
PLAIN_SAMPLE = 500


@dataclass(frozen=True)
class Measured:
    """Seconds for all clients of one size; `plain_per_second` is the loop's, over a sample.

    `insights_seconds` are those of the job that follows the scores.
    """

    clients: int
    seconds: float
    again_seconds: float
    plain_per_second: float
    insights_seconds: float
    insights_again_seconds: float

    @property
    def per_second(self) -> float:
        return self.clients / self.seconds


def measure(*, sizes: Sequence[int], announce: Callable[[str], None]) -> list[Measured]:
    """Each size with an organization of its own; first with no scores stored, then with all of them stored."""
    today = datetime.now(UTC).date()
    period_end = today - timedelta(days=today.weekday())
    measured = []
    with workers():
        for size in sizes:
            announce(f"  making {size:,} clients")
            organization = create_organization(f"scores-{size}-{time.time_ns()}").organization
            create_clients(organization, clients=size, period_end=period_end)
            analyze()
            plain = _plain_per_second(organization, period_end)
            seconds, again = (_seconds(JOB, organization, period_end) for _ in range(2))
            _check(organization, size, period_end)
            insights, insights_again = (_seconds(INSIGHTS, organization, period_end) for _ in range(2))
            measured.append(Measured(size, seconds, again, plain, insights, insights_again))
            announce(
                f"  {size:,} clients: {seconds:.2f} s, {count(measured[-1].per_second)} clients/s;"
                f" again {again:.2f} s; one by one {count(plain)} clients/s;"
                f" insights {insights:.2f} s, again {insights_again:.2f} s"
            )
    return measured


def _seconds(name: str, organization: Organization, period_end: date) -> float:
    job = job_named(name)
    return time_run(job, job.every.period(period_end.isoformat()), organization=organization)[0]


def _plain_per_second(organization: Organization, period_end: date) -> float:
    with organization_scope(organization.pk):
        policy = ScoringPolicy.objects.get(organization=None, version=1)
        clients = Client.objects.filter(organization=organization).select_related("organization")[:PLAIN_SAMPLE]
        sample = list(clients)
        started = time.perf_counter()
        for client in sample:
            score_client(client, period_end=period_end, policy=policy, computed_at=timezone.now())
        seconds = time.perf_counter() - started
        # The job must begin with none of them stored.
        Score.objects.filter(organization=organization).delete()
    return len(sample) / seconds


def _check(organization: Organization, size: int, period_end: date) -> None:
    with organization_scope(organization.pk):
        stored = Score.objects.filter(organization=organization, period_end=period_end).count()
    if stored != size:
        raise RuntimeError(f"{stored} scores of {size} clients are stored.")


def report(measured: Sequence[Measured]) -> str:
    """The Markdown table; the loop's time for all clients is extrapolated from its sample."""
    rows = [
        [
            f"{m.clients:,}",
            f"{m.seconds:.2f}",
            count(m.per_second),
            f"{m.again_seconds:.2f}",
            f"{m.insights_seconds:.2f}",
            f"{m.insights_again_seconds:.2f}",
            count(m.plain_per_second),
            f"{m.per_second / m.plain_per_second:,.0f} ×",
        ]
        for m in measured
    ]
    header = [
        *("clients", "the job, s", "clients/s", "again, nothing new, s", "its insights, s", "insights again, s"),
        *("one by one, clients/s", "Mainstay is"),
    ]
    return table(header, rows)
