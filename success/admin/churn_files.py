"""Clients who left, from a CSV file in the admin."""

import io
from collections.abc import Iterator

from django.utils import timezone
from import_export.results import RowResult

from accounts.models import Organization
from success.admin.sheet_resources import SheetResource
from success.churn import MarkOutcome
from success.churn_files.importing import ImportedMark, import_churn
from success.churn_files.sheet import COLUMNS, read_churn_sheet
from success.models import Churn
from success.task_files.sheet import RowError

TYPES = {
    MarkOutcome.NEW: RowResult.IMPORT_TYPE_NEW,
    MarkOutcome.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    MarkOutcome.SAME: RowResult.IMPORT_TYPE_SKIP,
}


class ChurnResource(SheetResource):
    """The columns are those of `manage.py import_churn`, which takes larger files."""

    columns = COLUMNS
    command = "import_churn"

    class Meta:
        model = Churn
        fields = COLUMNS

    def imported(self, sheet: io.StringIO, organization: Organization) -> Iterator[ImportedMark | RowError]:
        return import_churn(organization, read_churn_sheet(sheet), actor=self.actor, at=timezone.now())

    def row_result(self, each: ImportedMark) -> RowResult:
        result = RowResult()
        result.import_type = TYPES[each.outcome]
        result.diff = [each.row.client, each.row.churned_on, each.row.reason]
        return result
