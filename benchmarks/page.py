"""docs/performance/: a page for each part, with its plot, written from what was measured."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from django.db import connection

from benchmarks import alert_list, dashboard, health_check, ingest, mail, milestones, scoring

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FOLDER = Path("docs/performance")
HOW = """
Measured on {day} by `make bench ARGS={part}`: {cores} cores that web, database and load share, Python {python},
PostgreSQL {postgres}, `synchronous_commit={commit}`. Such machines are noisy: read the ratios, not the third digit.
"""


@dataclass(frozen=True)
class Section:
    """`text` holds the places of `tables` and of the benchmark's own `numbers`; `plot` draws what was measured."""

    title: str
    text: str
    tables: Callable[[Any], Mapping[str, str]]
    numbers: Mapping[str, int] = field(default_factory=dict)
    plot: Callable[[Axes, Any], None] | None = None


def write(part: str, measured: Any) -> Path:
    """Write the part's page, and its plot beside it; returns the page."""
    section = SECTIONS[part]
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = section.text.format(**section.numbers, **section.tables(measured))
    pieces = [f"# {section.title}\n", HOW.format(part=part, **_machine()), f"\n{text.strip()}\n"]
    if section.plot:
        image = FOLDER / f"{part}.svg"
        _draw(image, section.plot, measured)
        pieces.append(f"\n![The same as a plot]({image.name})\n")
    page = FOLDER / f"{part}.md"
    page.write_text("".join(pieces))
    return page


def _plot_ingest(axes: Axes, measured: Sequence[ingest.Measured]) -> None:
    for way in dict.fromkeys(m.way for m in measured):
        points = [m for m in measured if m.way == way]
        axes.plot([m.size for m in points], [m.per_second for m in points], marker="o", label=way)
    axes.set(xscale="log", yscale="log", xlabel="events in a request", ylabel="events per second")


def _plot_scoring(axes: Axes, measured: Sequence[scoring.Measured]) -> None:
    clients = [m.clients for m in measured]
    axes.plot(clients, [m.seconds for m in measured], marker="o", label="Mainstay, the whole job")
    axes.plot(clients, [m.again_seconds for m in measured], marker="o", label="Mainstay, nothing new")
    axes.plot(clients, [m.clients / m.plain_per_second for m in measured], marker="o", label="one by one, extrapolated")
    axes.set(xscale="log", yscale="log", xlabel="clients", ylabel="seconds")


SECTIONS: Mapping[str, Section] = {
    "ingest": Section(
        "Events taken over HTTP",
        """
Durable: the answer comes after the commit, and the events' clients, daily activity and last activity are in the same
transaction. The plain way does the same work with a DRF serializer and the ORM. *PostgreSQL alone* is the product's own
statement on one connection, without HTTP and Python: what is left for the database to do. Single events are sent over
16 connections, batches over 8, and the clients are known to the planner's statistics.

{table}
""",
        lambda measured: {"table": ingest.report(measured)},
        plot=_plot_ingest,
    ),
    "scoring": Section(
        "Weekly scores and insights",
        """
From asking for the run to its end: ledger, work units, two Celery workers, scores stored with their receipts. Each
client has about 50 events in 30 days, three onboarding tasks, and every fourth an answer. *One by one* scores a sample
of {sample} clients with a handful of ORM queries each. *Again* is the same run when every score is stored already and
nothing has changed. *Its insights* is the job that follows: about three rows for each of these clients against one of
scores, and the milestones that the scores reached.

{table}
""",
        lambda measured: {"table": scoring.report(measured)},
        {"sample": scoring.PLAIN_SAMPLE},
        _plot_scoring,
    ),
    "health": Section(
        "Hourly health checks",
        """
From asking for the run to its end, with two Celery workers, when nothing has changed since the check before; the
first check, which opens all the alerts, stands beside it. Each client has four weeks of scores, and about a third of
them have been silent for two days or more. *One by one* checks a sample of {checked} clients with a handful of ORM
queries each.

{table}
""",
        lambda measured: {"table": health_check.report(measured)},
        {"checked": health_check.PLAIN_SAMPLE},
    ),
    "alerts": Section(
        "The list of alerts",
        """
The alert console with {alerts:,} open alerts: the time from a request to the whole answer within the application,
without a network. Steps are taken with {bulk:,} alerts at once, three times each.

{table}
""",
        lambda measured: {"table": alert_list.report(measured)},
        {"alerts": alert_list.ALERTS, "bulk": alert_list.BULK},
    ),
    "milestones": Section(
        "Milestones at once",
        """
From sending the event that reaches a milestone to seeing its committed row, over HTTP, in an organization of
{clients:,} clients with 30 days of history each: with nothing else to do, and while {load:,} other events a second
come in.

{latency}

What detection costs those who record: batches of 100 for all of these clients as fast as they go, with and without
(`MILESTONES_AT_ONCE=false`), in turns; the median of {rounds} rounds each.

{cost}
""",
        lambda measured: dict(zip(("latency", "cost"), milestones.reports(measured), strict=True)),
        {"clients": milestones.CLIENTS, "load": milestones.LOAD, "rounds": milestones.ROUNDS},
    ),
    "dashboard": Section(
        "The client's page",
        """
`/client/dashboard/success` for a client with {long_past:,} of the organization's {past:,} events in a year, with
{weeks} weeks of scores, insights, tasks and milestones; signed in, over HTTP, from the first byte of the request to the
last of the answer. The view itself is recorded after the page's transaction and is part of the time.

{table}
""",
        lambda measured: {"table": dashboard.report(measured)},
        {"long_past": dashboard.EVENTS // dashboard.SHARE, "past": dashboard.EVENTS, "weeks": dashboard.WEEKS},
    ),
    "mail": Section(
        "The weekly mail",
        """
One personalised mail, from the decision whether it may go to the bytes that a provider is handed: gathered, put into
words (subject, text, HTML with inlined styles, half of them German), links tracked, queued, and made a MIME message.
CPU is this process' own, the median of {rounds} rounds; the database's comes on top, and both are in the mails per
second, of one process. Every {asked}th mail asks for feedback, as ninety days between two questions give.

*One by one* makes the same mails in the plain way: a sample of {sample} clients, a query for each question about each,
templates rendered and styles inlined for each mail; it decides, tracks and stores nothing.

{table}
""",
        lambda measured: {"table": mail.report(measured)},
        {"rounds": mail.ROUNDS, "asked": mail.ASKED, "sample": mail.PLAIN_SAMPLE},
    ),
}


def _draw(path: Path, plot: Callable[[Axes, Any], None], measured: Any) -> None:
    figure: Figure
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    plot(axes, measured)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    mpl.rcParams["svg.hashsalt"] = "mainstay"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _machine() -> dict[str, Any]:
    return {
        "day": datetime.now(UTC).date(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "postgres": _setting("server_version"),
        "commit": _setting("synchronous_commit"),
    }


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0]).split(" ", 1)[0]
