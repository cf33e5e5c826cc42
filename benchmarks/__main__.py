"""`make bench`: measures, prints, and writes docs/performance.md with its plot.

`ARGS="ingest"`, `ARGS="scoring --sizes 10000 100000"`, `ARGS="milestones"`, `ARGS="health --sizes 100000"` or
`ARGS="dashboard --events 100000"` measures a part and writes nothing.
`python -m benchmarks populate SLUG CLIENTS PERIOD_END` only makes an organization full of clients.
"""

import argparse
import os
from datetime import date
from pathlib import Path

import django

PARTS = ("ingest", "scoring", "milestones", "health", "dashboard")
SIZES = (10_000, 100_000, 1_000_000)
EVENTS = 1_000_000
PAGE = Path("docs/performance.md")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    arguments = _parser().parse_args()
    if arguments.part == "populate":
        _populate(arguments)
    else:
        _measure(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.set_defaults(sizes=SIZES, seconds=5.0, events=EVENTS)
    parts = parser.add_subparsers(dest="part")
    ingest = parts.add_parser("ingest", help="events per second")
    ingest.add_argument("--seconds", type=float, default=5.0, help="how long to measure each")
    scoring = parts.add_parser("scoring", help="clients scored per second")
    scoring.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    milestones = parts.add_parser("milestones", help="from an event to its milestone, and what that costs")
    milestones.add_argument("--seconds", type=float, default=5.0, help="how long to measure each round of recording")
    health = parts.add_parser("health", help="clients checked per second")
    health.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    dashboard = parts.add_parser("dashboard", help="how long the client's page takes")
    dashboard.add_argument("--events", type=int, default=EVENTS)
    populate = parts.add_parser("populate", help="make an organization full of clients")
    populate.add_argument("slug")
    populate.add_argument("clients", type=int)
    populate.add_argument("period_end", type=date.fromisoformat)
    return parser


def _measure(arguments: argparse.Namespace) -> None:
    from django.core.management import call_command

    from benchmarks import dashboard, health_check, ingest, milestones, page, scoring

    call_command("migrate", verbosity=0)
    tables = {}
    measured_ingest, measured_scoring, measured_milestones, measured_health = [], [], None, []
    measured_dashboard: list[dashboard.Measured] = []
    if arguments.part in {None, "ingest"}:
        print("Events per second")
        measured_ingest = ingest.measure(seconds=arguments.seconds, announce=print)
        tables["ingest"] = ingest.report(measured_ingest)
        print(tables["ingest"])
    if arguments.part in {None, "scoring"}:
        print("Clients scored per second")
        measured_scoring = scoring.measure(sizes=arguments.sizes, announce=print)
        tables["scoring"] = scoring.report(measured_scoring)
        print(tables["scoring"])
    if arguments.part in {None, "milestones"}:
        print("From an event to its milestone")
        measured_milestones = milestones.measure(seconds=arguments.seconds, announce=print)
        tables["milestones"] = "\n\n".join(milestones.reports(measured_milestones))
        print(tables["milestones"])
    if arguments.part in {None, "health"}:
        print("Clients checked per second")
        measured_health = health_check.measure(sizes=arguments.sizes, announce=print)
        tables["health"] = health_check.report(measured_health)
        print(tables["health"])
    if arguments.part in {None, "dashboard"}:
        print("The client's page")
        measured_dashboard = dashboard.measure(events=arguments.events, announce=print)
        tables["dashboard"] = dashboard.report(measured_dashboard)
        print(tables["dashboard"])
    if arguments.part is None and measured_milestones:
        page.write(
            PAGE,
            ingest=measured_ingest,
            scoring=measured_scoring,
            milestones=measured_milestones,
            health=measured_health,
            dashboard=measured_dashboard,
        )
        print(f"Written: {PAGE}")


def _populate(arguments: argparse.Namespace) -> None:
    from benchmarks.population import analyze, create_clients, create_organization

    organization = create_organization(arguments.slug).organization
    create_clients(organization, clients=arguments.clients, period_end=arguments.period_end)
    analyze()


if __name__ == "__main__":
    main()
