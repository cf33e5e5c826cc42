"""What clients agreed to, from a CSV file in the admin; the list itself is the mails'."""

import io
from collections.abc import Iterator

from django.contrib import admin
from django.utils import timezone
from import_export.fields import Field
from import_export.results import RowResult

from accounts.models import Organization
from emails.admin.consents import ConsentAdmin
from emails.models import Consent
from success.admin.sheet_imports import SheetImportAdmin
from success.admin.sheet_resources import SheetResource
from success.consent_files.importing import ImportedWord, Outcome, import_consents
from success.consent_files.sheet import COLUMNS, read_consent_sheet
from success.task_files.sheet import RowError

TYPES = {
    Outcome.NEW: RowResult.IMPORT_TYPE_NEW,
    Outcome.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    Outcome.SAME: RowResult.IMPORT_TYPE_SKIP,
}

admin.site.unregister(Consent)


class ConsentResource(SheetResource):
    """The columns are those of `manage.py import_consents`, which takes larger files."""

    columns = COLUMNS
    command = "import_consents"
    agreed = Field("is_given", "agreed")
    given_at = Field("at", "given_at")
    note = Field("detail", "note")

    class Meta:
        model = Consent
        fields = COLUMNS
        import_order = COLUMNS

    def imported(self, sheet: io.StringIO, organization: Organization) -> Iterator[ImportedWord | RowError]:
        rows = read_consent_sheet(sheet, timezone=organization.timezone, as_of=timezone.now())
        return import_consents(organization, rows, actor=self.actor)

    def row_result(self, each: ImportedWord) -> RowResult:
        row, result = each.row, RowResult()
        result.import_type = TYPES[each.outcome]
        agreed = "yes" if row.is_given else "no"
        given_at = row.given_at.isoformat(" ", "minutes")
        result.diff = [row.client, row.category, agreed, given_at, row.frequency or "", row.note]
        return result


@admin.register(Consent)
class ConsentImportAdmin(SheetImportAdmin, ConsentAdmin):
    audited_as = "consent.imported"
    resource_classes = (ConsentResource,)
