from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import record_audit
from accounts.models import Organization
from accounts.tenancy import organization_scope
from jobs.by_hand import organization_of_slug
from success.consent_files.importing import ImportedWord, import_consents
from success.consent_files.sheet import COLUMNS, read_consent_sheet
from success.task_files.sheet import UnableToReadError
from telemetry.importing.files import as_text, opened

MOST_SHOWN = 100


class Command(BaseCommand):
    help = (
        f"Record what clients agreed to from a CSV file with the columns {', '.join(COLUMNS)}, in any order; frequency"
        " and note may be missing. A row overrules nothing that is newer, and the same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The file, packed by gzip or not.")
        parser.add_argument("--organization", required=True, metavar="SLUG")

    def handle(self, *, file: Path, organization: str, **options: Any) -> None:
        tenant = organization_of_slug(organization)
        counts: Counter[str] = Counter()
        now = datetime.now(UTC)
        try:
            with opened(file) as (content, _), as_text(content, "utf-8-sig") as text:
                rows = read_consent_sheet(text, timezone=tenant.timezone, as_of=now)
                for each in import_consents(tenant, rows, actor=None):
                    counts[each.outcome if isinstance(each, ImportedWord) else "error"] += 1
                    if not isinstance(each, ImportedWord) and counts["error"] <= MOST_SHOWN:
                        self.stderr.write(f"Line {each.line}: {each.message}")
        except (UnableToReadError, OSError, EOFError) as error:
            raise CommandError(str(error)) from error
        _audit(tenant, counts)
        self.stdout.write(f"{counts['new']} new, {counts['changed']} changed, {counts['same']} as before.")
        if counts["error"]:
            raise CommandError(f"{counts['error']} rows were not imported.")


def _audit(organization: Organization, counts: Counter[str]) -> None:
    if counts["new"] or counts["changed"]:
        changes = {name: counts[name] for name in ("new", "changed", "same")}
        with organization_scope(organization.pk):
            record_audit(
                "consent.imported", subject=organization, organization=organization, actor=None, changes=changes
            )
