from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from telemetry.retention import drop_old_events


class Command(BaseCommand):
    help = "Drop the events of whole months that were received long ago. Daily activity and scores stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep-months", type=int, required=True, help="How many whole months are kept.")

    def handle(self, *, keep_months: int, **options: Any) -> None:
        try:
            retired = drop_old_events(as_of=datetime.now(UTC).date(), keep_months=keep_months)
        except ValueError as error:
            raise CommandError(str(error)) from error
        for month in retired:
            self.stdout.write(f"{month.month:%Y-%m}: {month.events} events dropped.")
        if not retired:
            self.stdout.write("No month is that old.")
