"""`make bench`: measures, prints, and writes a page below docs/performance/ for each part.

`ARGS="ingest scoring"` measures these parts only. Smaller or shorter than usual, as with
`ARGS="scoring --sizes 10000"`, `ARGS="ingest --seconds 2"`, `ARGS="dashboard --events 100000"` or
`ARGS="mail --mails 500"`, it writes nothing.
`python -m benchmarks.populate SLUG CLIENTS PERIOD_END` only makes an organization full of clients.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from typing import Any

import django

PARTS = ("ingest", "scoring", "milestones", "health", "alerts", "dashboard", "mail")
SIZES = [10_000, 100_000, 1_000_000]
SECONDS = 5.0
EVENTS = 1_000_000
MAILS = 5_000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    arguments = _parser().parse_args()
    from django.core.management import call_command

    from benchmarks import page

    call_command("migrate", verbosity=0)
    chosen = (arguments.sizes, arguments.seconds, arguments.events, arguments.mails)
    as_usual = chosen == (SIZES, SECONDS, EVENTS, MAILS)
    for part in arguments.parts or PARTS:
        section = page.SECTIONS[part]
        print(f"\n{section.title}")
        measured = _measures(arguments)[part]()
        print("\n\n".join(section.tables(measured).values()))
        if as_usual:
            print(f"Written: {page.write(part, measured)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[*PARTS, []], help=", ".join(PARTS))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of clients")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to record events in each round")
    parser.add_argument(
        "--events", type=int, default=EVENTS, help="of the organization whose client's page is asked for"
    )
    parser.add_argument("--mails", type=int, default=MAILS, help="how many to make")
    return parser


def _measures(arguments: argparse.Namespace) -> Mapping[str, Callable[[], Any]]:
    from benchmarks import alert_list, dashboard, health_check, ingest, mail, milestones, scoring

    return {
        "ingest": lambda: ingest.measure(seconds=arguments.seconds, announce=print),
        "scoring": lambda: scoring.measure(sizes=arguments.sizes, announce=print),
        "milestones": lambda: milestones.measure(seconds=arguments.seconds, announce=print),
        "health": lambda: health_check.measure(sizes=arguments.sizes, announce=print),
        "alerts": lambda: alert_list.measure(announce=print),
        "dashboard": lambda: dashboard.measure(events=arguments.events, announce=print),
        "mail": lambda: mail.measure(mails=arguments.mails, announce=print),
    }


if __name__ == "__main__":
    main()
