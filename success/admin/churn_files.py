"""Clients who left, from a CSV file in the admin."""

import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from accounts.models import Organization, User
from success.admin.task_files import MOST_ERRORS, MOST_ROWS
from success.churn import MarkOutcome
from success.churn_files.importing import ImportedMark, import_churn
from success.churn_files.sheet import COLUMNS, read_churn_sheet
from success.models import Churn
from success.task_files.sheet import RowError, UnableToReadError

TYPES = {
    MarkOutcome.NEW: RowResult.IMPORT_TYPE_NEW,
    MarkOutcome.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    MarkOutcome.SAME: RowResult.IMPORT_TYPE_SKIP,
}


class ChurnResource(ModelResource):  # type: ignore[misc]
    """The columns are those of `manage.py import_churn`, which takes larger files."""

    class Meta:
        model = Churn
        fields = COLUMNS

    def __init__(self, organization: Organization | None = None, actor: User | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization
        self.actor = actor

    def import_data(self, dataset: io.StringIO, dry_run: bool = False, **kwargs: Any) -> Result:
        """All of the rows or, when one of them cannot be, none."""
        result = Result()
        result.diff_headers = list(COLUMNS)
        with transaction.atomic():
            outcomes = list(self._outcomes(dataset))
            errors = [each for each in outcomes if isinstance(each, RowError)]
            if dry_run or errors:
                transaction.set_rollback(True)
        for error in errors[:MOST_ERRORS]:
            result.append_invalid_row(error.line, {"": error.message}, forms.ValidationError(error.message))
        for each in outcomes if not errors else []:
            if isinstance(each, ImportedMark):
                row = _row_result(each)
                result.append_row_result(row)
                result.increment_row_result_total(row)
        result.total_rows = len(outcomes)
        return result

    def _outcomes(self, sheet: io.StringIO) -> Iterator[ImportedMark | RowError]:
        if self.organization is None:
            yield RowError(1, _("Choose an organization."))
        elif not sheet.getvalue():
            yield RowError(1, _("The file is empty or not kept any more: upload it again."))
        elif sheet.getvalue().count("\n") > MOST_ROWS:
            yield RowError(MOST_ROWS + 1, _("For more than %d lines there is manage.py import_churn.") % MOST_ROWS)
        else:
            try:
                rows = read_churn_sheet(sheet)
            except UnableToReadError as error:
                yield RowError(1, str(error))
            else:
                yield from import_churn(self.organization, rows, actor=self.actor, at=timezone.now())


def _row_result(imported: ImportedMark) -> RowResult:
    result = RowResult()
    result.import_type = TYPES[imported.outcome]
    result.diff = [imported.row.client, imported.row.churned_on, imported.row.reason]
    return result
