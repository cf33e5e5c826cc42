from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Organization
from accounts.tenancy import organization_scope
from jobs.by_hand import organization_of_slug
from success.task_files.importing import Imported, import_tasks
from success.task_files.sheet import COLUMNS, RowError, UnableToReadError, read_sheet
from telemetry.importing.files import as_text, opened

MOST_SHOWN = 100


class Command(BaseCommand):
    help = (
        f"Import tasks of clients from a CSV file with the columns {', '.join(COLUMNS)}, in any order; client and"
        " title are needed. The same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The file, packed by gzip or not.")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would become of each row.")

    def handle(self, *, file: Path, organization: str, dry_run: bool, **options: Any) -> None:
        tenant = organization_of_slug(organization)
        try:
            with ExitStack() as stack:
                content, _ = stack.enter_context(opened(file))
                if dry_run:
                    stack.enter_context(organization_scope(tenant.pk))
                    stack.callback(transaction.set_rollback, True)
                counts = self._import(tenant, stack.enter_context(as_text(content, "utf-8-sig")))
        except (UnableToReadError, OSError, EOFError) as error:
            raise CommandError(str(error)) from error
        said = f"{counts['new']} new, {counts['changed']} changed, {counts['same']} as before"
        self.stdout.write(f"{'Nothing was stored. It would be: ' if dry_run else ''}{said}.")
        if counts["error"]:
            raise CommandError(f"{counts['error']} rows were not imported.")

    def _import(self, organization: Organization, text: Any) -> Counter[str]:
        now = datetime.now(UTC)
        sheet = read_sheet(text, timezone=organization.timezone, as_of=now)
        return self._counted(import_tasks(organization.pk, sheet, at=now))

    def _counted(self, outcomes: Iterator[Imported | RowError]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for each in outcomes:
            counts[each.outcome if isinstance(each, Imported) else "error"] += 1
            if isinstance(each, RowError) and counts["error"] <= MOST_SHOWN:
                self.stderr.write(f"Line {each.line}: {each.message}")
        return counts
