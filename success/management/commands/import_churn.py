from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.by_hand import organization_of_slug
from success.churn_files.importing import ImportedMark, import_churn
from success.churn_files.sheet import COLUMNS, read_churn_sheet
from success.task_files.sheet import UnableToReadError
from telemetry.importing.files import as_text, opened

MOST_SHOWN = 100


class Command(BaseCommand):
    help = (
        f"Mark clients as churned from a CSV file with the columns {', '.join(COLUMNS)}, in any order; client is the"
        " external id, and the reason may be missing. The same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The file, packed by gzip or not.")
        parser.add_argument("--organization", required=True, metavar="SLUG")

    def handle(self, *, file: Path, organization: str, **options: Any) -> None:
        tenant = organization_of_slug(organization)
        counts: Counter[str] = Counter()
        try:
            with opened(file) as (content, _), as_text(content, "utf-8-sig") as text:
                for each in import_churn(tenant, read_churn_sheet(text), actor=None, at=datetime.now(UTC)):
                    counts[each.outcome if isinstance(each, ImportedMark) else "error"] += 1
                    if not isinstance(each, ImportedMark) and counts["error"] <= MOST_SHOWN:
                        self.stderr.write(f"Line {each.line}: {each.message}")
        except (UnableToReadError, OSError, EOFError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{counts['new']} new, {counts['changed']} changed, {counts['same']} as before.")
        if counts["error"]:
            raise CommandError(f"{counts['error']} rows were not imported.")
