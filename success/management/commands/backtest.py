import json
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from accounts.tenancy import all_organizations, organization_scope
from jobs.by_hand import organization_of_slug
from success.backtest.judging import HORIZONS, LONGEST_HORIZON, backtest
from success.backtest.tables import areas_table, leads_table, rules_table
from success.backtest.wording import summary


class Command(BaseCommand):
    help = "Say how well past weekly scores told which clients would leave, beside a plain rule by silence."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this organization; else all together")
        parser.add_argument(
            "--horizon", type=int, nargs="+", default=list(HORIZONS), metavar="DAYS", help="default: 30 60 90"
        )
        parser.add_argument("--as-of", help="a date such as 2026-01-05: only what came before it counts; default today")
        parser.add_argument("--since", help="a date: only scores of this period end and later ones")
        parser.add_argument("--json", action="store_true", help="every figure, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        horizons: list[int] = options["horizon"]
        if not all(1 <= days <= LONGEST_HORIZON for days in horizons):
            raise CommandError(f"--horizon goes from 1 to {LONGEST_HORIZON} days.")
        organization = organization_of_slug(options["organization"]) if options["organization"] else None
        zone = organization.timezone if organization else None
        as_of = _read_day(options["as_of"]) if options["as_of"] else timezone.localdate(timezone=zone)
        since = _read_day(options["since"]) if options["since"] else date.min
        with organization_scope(organization.pk) if organization else all_organizations():
            result = backtest(organization.pk if organization else None, as_of=as_of, horizons=horizons, since=since)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(result), default=str, indent=2))
            return
        console = Console(file=self.stdout, width=None if self.stdout.isatty() else 120)  # type: ignore[arg-type]
        for figures in result.horizons:
            console.print(f"\n[bold]Within {figures.days} days[/bold], as of {as_of}")
            console.print("\n".join(summary(figures)), markup=False, highlight=False)
            for title, header, rows in (areas_table(figures), rules_table(figures), leads_table(figures)):
                table = Table(title=title, title_justify="left")
                for number, name in enumerate(header):
                    table.add_column(name, justify="right" if number else "left")
                for row in rows:
                    table.add_row(*row)
                console.print(table)


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError("--as-of and --since are dates such as 2026-01-05.") from None
