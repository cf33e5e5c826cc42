"""docs/performance.md and its plot, written from what was measured."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
from django.db import connection

from benchmarks import dashboard as dashboard_benchmark
from benchmarks import health_check as health_benchmark
from benchmarks import ingest as ingest_benchmark
from benchmarks import milestones as milestones_benchmark
from benchmarks import scoring as scoring_benchmark

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

TEXT = """\
# Performance

Written by `make bench`: the product next to the plain way of doing the same, measured in the same run.

Measured on {day}: {cores} cores that web, database and load generator share, Python {python},
PostgreSQL {postgres}, `synchronous_commit={commit}`. Such machines are noisy: read the ratios, not the third digit.

## Events taken over HTTP
Durable: the answer comes after the commit, and the events' clients, daily activity and last activity are in the same
transaction. The plain way does the same work with a DRF serializer and the ORM. *PostgreSQL alone* is the product's own
statement on one connection, without HTTP and Python: what is left for the database to do. Single events are sent over
16 connections, batches over 8, and the clients are known to the planner's statistics.

{ingest}

![Events per second by batch size](images/performance-ingest.svg)

## Weekly scores
From asking for the run to its end: ledger, work units, two Celery workers, scores stored with their receipts. Each
client has about 50 events in 30 days, three onboarding tasks, and every fourth an answer. *One by one* scores a sample
of {sample} clients with a handful of ORM queries each. *Again* is the same run when every score is stored already and
nothing has changed. *Its insights* is the job that follows: about three rows for each of these clients against one of
scores, and the milestones that the scores reached.

{scoring}

![Seconds of the weekly job by number of clients](images/performance-scoring.svg)

## Hourly health checks
From asking for the run to its end, with two Celery workers, when nothing has changed since the check before; the
first check, which opens all the alerts, stands beside it. Each client has four weeks of scores, and about a third of
them have been silent for two days or more. *One by one* checks a sample of {checked} clients with a handful of ORM
queries each.

{health}

## Milestones at once
From sending the event that reaches a milestone to seeing its committed row, over HTTP, in an organization of
{clients:,} clients with 30 days of history each: with nothing else to do, and while {load:,} other events a second
come in.

{latency}

What detection costs those who record: batches of 100 for all of these clients as fast as they go, with and without
(`MILESTONES_AT_ONCE=false`), in turns; the median of {rounds} rounds each.

{cost}

## The client's page
`/client/dashboard/success` for a client with {long_past:,} of the organization's {past:,} events in a year, with
{weeks} weeks of scores, insights, tasks and milestones; signed in, over HTTP, from the first byte of the request to the
last of the answer. The view itself is recorded after the page's transaction and is part of the time.

{dashboard}
"""


def write(
    path: Path,
    *,
    ingest: Sequence[ingest_benchmark.Measured],
    scoring: Sequence[scoring_benchmark.Measured],
    milestones: milestones_benchmark.Measured,
    health: Sequence[health_benchmark.Measured],
    dashboard: Sequence[dashboard_benchmark.Measured],
) -> None:
    """Write the page and its two plots beside it."""
    images = path.parent / "images"
    images.mkdir(exist_ok=True)
    _plot_ingest(images / "performance-ingest.svg", ingest)
    _plot_scoring(images / "performance-scoring.svg", scoring)
    latency, cost = milestones_benchmark.reports(milestones)
    path.write_text(
        TEXT.format(
            day=datetime.now(UTC).date(),
            cores=_cores(),
            python=platform.python_version(),
            postgres=_setting("server_version"),
            commit=_setting("synchronous_commit"),
            sample=scoring_benchmark.PLAIN_SAMPLE,
            ingest=ingest_benchmark.report(ingest),
            scoring=scoring_benchmark.report(scoring),
            health=health_benchmark.report(health),
            checked=health_benchmark.PLAIN_SAMPLE,
            clients=milestones_benchmark.CLIENTS,
            load=milestones_benchmark.LOAD,
            rounds=milestones_benchmark.ROUNDS,
            latency=latency,
            cost=cost,
            long_past=dashboard_benchmark.EVENTS // dashboard_benchmark.SHARE,
            past=dashboard_benchmark.EVENTS,
            weeks=dashboard_benchmark.WEEKS,
            dashboard=dashboard_benchmark.report(dashboard),
        )
    )


def _plot_ingest(path: Path, measured: Sequence[ingest_benchmark.Measured]) -> None:
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for way in dict.fromkeys(m.way for m in measured):
        points = [m for m in measured if m.way == way]
        axes.plot([m.size for m in points], [m.per_second for m in points], marker="o", label=way)
    axes.set(xscale="log", yscale="log", xlabel="events in a request", ylabel="events per second")
    _finish(figure, axes, path)


def _plot_scoring(path: Path, measured: Sequence[scoring_benchmark.Measured]) -> None:
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    clients = [m.clients for m in measured]
    axes.plot(clients, [m.seconds for m in measured], marker="o", label="Mainstay, the whole job")
    axes.plot(clients, [m.again_seconds for m in measured], marker="o", label="Mainstay, nothing new")
    axes.plot(clients, [m.clients / m.plain_per_second for m in measured], marker="o", label="one by one, extrapolated")
    axes.set(xscale="log", yscale="log", xlabel="clients", ylabel="seconds")
    _finish(figure, axes, path)


def _finish(figure: Figure, axes: Axes, path: Path) -> None:
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    mpl.rcParams["svg.hashsalt"] = "mainstay"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0]).split(" ", 1)[0]
