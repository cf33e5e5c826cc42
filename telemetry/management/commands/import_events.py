import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.event_names import map_event_name
from telemetry.importing.files import spooled
from telemetry.importing.options import LARGEST_BATCH, Format, ImportOptions, UnableToImportError, format_of
from telemetry.importing.running import import_file
from telemetry.models import ImportFile

STDIN = "-"
LINE_EVERY_ROWS = 50_000


class Command(BaseCommand):
    help = (
        "Import events of the past from a CSV, NDJSON or whitespace-separated file. Stopped, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="The file, packed by gzip or not; - reads the standard input.")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=list(Format), help="Told from the file's name when left out.")
        parser.add_argument("--delimiter", default="", help="The sign between columns, , for CSV.")
        parser.add_argument("--encoding", default="utf-8-sig", help="Such as cp1252; UTF-8 when left out.")
        parser.add_argument("--columns", default="", help="The columns' names by commas, for a file without a header.")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="What a column means: clientId, anonymousId, name, occurredAt, messageId, path, sessionId,"
            " durationSeconds, success, data, or any key of the event's data. COLUMN= leaves it out.",
        )
        parser.add_argument("--name", default="", help="The events' name, when no column has it.")
        parser.add_argument(
            "--event-name-map",
            action="append",
            default=[],
            metavar="NAME=TYPE",
            help="Let events of this name count as a base type, such as Purchase=task_completed.",
        )
        parser.add_argument("--date-format", default="", help="Of strptime, such as %%Y%%m%%d. ISO 8601 is understood.")
        parser.add_argument("--timezone", help="Of times without an offset; the organization's when left out.")
        parser.add_argument("--report", type=Path, help="Write the rejected rows to this CSV file.")
        parser.add_argument("--batch-size", type=int, default=2_000)
        parser.add_argument("--again", action="store_true", help="Read a file anew from its first row on.")

    def handle(self, *, file: str, organization: str, **options: Any) -> None:
        with all_organizations():
            tenant = Organization.objects.filter(slug=organization).first()
        if tenant is None:
            raise CommandError(f"There is no organization {organization}.")
        try:
            reading = self._reading(file, tenant, options)
            self._map_names(tenant, _pairs(options["event_name_map"]))
            state = self._import(tenant, file, reading, options)
        except (UnableToImportError, ValidationError, OSError) as error:
            raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(self.style.SUCCESS(f"{_counts(state)}."))

    def _reading(self, file: str, organization: Organization, options: dict[str, Any]) -> ImportOptions:
        timezone = options["timezone"] or str(organization.timezone)
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise CommandError(f"There is no timezone {timezone}.") from error
        if not 1 <= options["batch_size"] <= LARGEST_BATCH:
            raise CommandError(f"--batch-size is from 1 to {LARGEST_BATCH}.")
        return ImportOptions(
            format=Format(options["format"]) if options["format"] else format_of(file),
            timezone=timezone,
            delimiter=options["delimiter"],
            encoding=options["encoding"],
            columns=tuple(name.strip() for name in options["columns"].split(",") if name.strip()),
            fields=_pairs(options["map"]),
            name=options["name"],
            date_format=options["date_format"],
            batch_size=options["batch_size"],
        )

    def _map_names(self, organization: Organization, names: dict[str, str]) -> None:
        with organization_scope(organization.pk):
            for name, base_type in names.items():
                map_event_name(organization, name, base_type=base_type, actor=None)

    def _import(
        self, organization: Organization, file: str, reading: ImportOptions, options: dict[str, Any]
    ) -> ImportFile:
        with ExitStack() as stack:
            path = stack.enter_context(spooled(sys.stdin.buffer)) if file == STDIN else Path(file)
            progress = stack.enter_context(_Progress(self, path))
            return import_file(
                organization,
                path,
                reading,
                name=path.name if file != STDIN else "standard input",
                clock=lambda: datetime.now(UTC),
                report=options["report"],
                again=options["again"],
                tell=progress.tell,
            )


class _Progress:
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self, command: BaseCommand, path: Path) -> None:
        self.command = command
        self.size = path.stat().st_size
        self.told = 0
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            disable=not command.stdout.isatty(),
        )
        self.task = self.bar.add_task("Reading", total=self.size or None)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def tell(self, file: ImportFile, position: int) -> None:
        self.bar.update(self.task, completed=position, description=f"{file.rows_done:,} rows")
        if self.bar.disable and file.rows_done - self.told >= LINE_EVERY_ROWS:
            self.told = file.rows_done
            self.command.stdout.write(f"{_counts(file)}; {100 * position // max(self.size, 1)} % of the file")


def _counts(file: ImportFile) -> str:
    return (
        f"{file.rows_done} rows: {file.accepted} accepted, {file.duplicate} duplicate,"
        f" {file.quarantined} quarantined, {file.rejected} rejected"
    )


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = dict(text.rpartition("=")[::2] for text in texts)
    if "" in pairs:
        raise CommandError("Write it as NAME=VALUE.")
    return pairs
