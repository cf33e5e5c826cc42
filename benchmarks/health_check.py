"""Clients checked per second: the hourly job over Celery workers, and the plain loop over clients."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from benchmarks.figures import count, table
from benchmarks.plain.health_check import check_client
from benchmarks.population import analyze, create_clients, create_organization
from benchmarks.runs import time_run, workers
from health.policies import policy_in_force
from jobs.definitions import job_named
from success.formula import INPUTS, RESULTS
from success.scoring import score_clients

PLAIN_SAMPLE = 500
WEEKS = 4

# The weeks before are this week's scores, moved a little; and every twentieth task is under way.
COPIED = ", ".join(
    [
        "organization_id",
        "client_id",
        "timezone",
        "computed_at",
        "policy_id",
        *INPUTS,
        *(name for name in RESULTS if name != "overall"),
    ]
)
EARLIER_SCORES = f"""
    INSERT INTO success_score (period_end, overall, {COPIED})
    SELECT period_end - 7 * %(week)s,
        least(100, greatest(0, overall + (client_id * 7 + %(week)s * 11) %% 25 - 8)), {COPIED}
    FROM success_score WHERE organization_id = %(organization)s AND period_end = %(monday)s
"""
START_TASKS = """
    UPDATE success_task SET status = 'in_progress'
    WHERE organization_id = %(organization)s AND status = 'todo' AND id %% 5 = 0
"""
STATISTICS = ("health_alert", "health_alertentry")


@dataclass(frozen=True)
class Measured:
    """Seconds for all clients of one size: the first check opens `opened` alerts, the second finds nothing new."""

    clients: int
    opened: int
    first_seconds: float
    seconds: float
    plain_per_second: float

    @property
    def per_second(self) -> float:
        return self.clients / self.seconds


def measure(*, sizes: Sequence[int], announce: Callable[[str], None]) -> list[Measured]:
    """Each size with an organization of its own."""
    measured = []
    job = job_named("health-check")
    with workers():
        for size in sizes:
            announce(f"  making {size:,} clients")
            organization = _populate(size)
            period = job.every.period_of(timezone.now())
            first, counts = time_run(job, period, organization=organization)
            _analyze()
            again, nothing = time_run(job, period, organization=organization)
            if counts["processed"] != size or any(nothing[step] for step in ("opened", "escalated", "resolved")):
                raise RuntimeError(f"{size} clients were checked as {counts}, and again as {nothing}.")
            plain = _plain_per_second(organization)
            measured.append(Measured(size, counts["opened"], first, again, plain))
            announce(
                f"  {size:,} clients: {again:.2f} s, {count(measured[-1].per_second)} clients/s;"
                f" first {first:.2f} s with {counts['opened']:,} alerts; one by one {count(plain)} clients/s"
            )
    return measured


def _populate(size: int) -> Organization:
    """Clients with activity up to today and some weeks of scores; more than a third of them have fallen silent."""
    organization = create_organization(f"checks-{size}-{time.time_ns()}").organization
    today = timezone.now().date()
    create_clients(organization, clients=size, period_end=today + timedelta(days=1))
    with organization_scope(organization.pk), connection.cursor() as cursor:
        cursor.execute(START_TASKS, {"organization": organization.pk})
    analyze()
    with organization_scope(organization.pk):
        monday = today - timedelta(days=today.weekday())
        score_clients(organization.pk, period_end=monday, computed_at=timezone.now())
        with connection.cursor() as cursor:
            for week in range(1, WEEKS):
                values: dict[str, Any] = {"organization": organization.pk, "week": week, "monday": monday}
                cursor.execute(EARLIER_SCORES, values)
    _analyze()
    return organization


def _plain_per_second(organization: Organization) -> float:
    """With the alerts there, so that the loop too has nothing to write."""
    now = timezone.now()
    with organization_scope(organization.pk):
        policy = policy_in_force(organization.pk)
        sample = list(Client.objects.filter(organization=organization)[:PLAIN_SAMPLE])
        started = time.perf_counter()
        for client in sample:
            check_client(client, policy=policy, as_of=now)
        return len(sample) / (time.perf_counter() - started)


def _analyze() -> None:
    analyze()
    with connections["owner"].cursor() as cursor:
        for name in STATISTICS:
            cursor.execute(f"VACUUM ANALYZE {name}")


def report(measured: Sequence[Measured]) -> str:
    """The Markdown table; the loop's time for all clients is extrapolated from its sample."""
    rows = [
        [
            f"{m.clients:,}",
            f"{m.first_seconds:.2f}",
            f"{m.opened:,}",
            f"{m.seconds:.2f}",
            count(m.per_second),
            count(m.plain_per_second),
            f"{m.per_second / m.plain_per_second:,.0f} ×",
        ]
        for m in measured
    ]
    header = ["clients", "first check, s", "alerts opened", "nothing new, s", "clients/s", "one by one, clients/s"]
    return table([*header, "Mainstay is"], rows)
