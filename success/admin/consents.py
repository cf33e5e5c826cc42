"""What clients agreed to, from a CSV file in the admin; the list itself is the mails'."""

import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from accounts.models import Organization, User
from emails.admin.consents import ConsentAdmin
from emails.models import Consent
from success.admin.sheet_imports import SheetImportAdmin
from success.admin.task_files import MOST_ERRORS, MOST_ROWS
from success.consent_files.importing import ImportedWord, Outcome, import_consents
from success.consent_files.sheet import COLUMNS, read_consent_sheet
from success.task_files.sheet import RowError, UnableToReadError

TYPES = {
    Outcome.NEW: RowResult.IMPORT_TYPE_NEW,
    Outcome.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    Outcome.SAME: RowResult.IMPORT_TYPE_SKIP,
}

admin.site.unregister(Consent)


class ConsentResource(ModelResource):  # type: ignore[misc]
    """The columns are those of `manage.py import_consents`, which takes larger files."""

    agreed = Field("is_given", "agreed")
    given_at = Field("at", "given_at")
    note = Field("detail", "note")

    class Meta:
        model = Consent
        fields = COLUMNS
        import_order = COLUMNS

    def __init__(self, organization: Organization | None = None, actor: User | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization
        self.actor = actor

    def import_data(self, dataset: io.StringIO, dry_run: bool = False, **kwargs: Any) -> Result:
        """All of the rows or, when one of them cannot be, none."""
        result = Result()
        result.diff_headers = [name.replace("_", " ") for name in COLUMNS]
        with transaction.atomic():
            outcomes = list(self._outcomes(dataset))
            errors = [each for each in outcomes if isinstance(each, RowError)]
            if dry_run or errors:
                transaction.set_rollback(True)
        for error in errors[:MOST_ERRORS]:
            result.append_invalid_row(error.line, {"": error.message}, forms.ValidationError(error.message))
        for each in outcomes if not errors else []:
            if isinstance(each, ImportedWord):
                row = _row_result(each)
                result.append_row_result(row)
                result.increment_row_result_total(row)
        result.total_rows = len(outcomes)
        return result

    def _outcomes(self, sheet: io.StringIO) -> Iterator[ImportedWord | RowError]:
        if self.organization is None:
            yield RowError(1, _("Choose an organization."))
        elif not sheet.getvalue():
            yield RowError(1, _("The file is empty or not kept any more: upload it again."))
        elif sheet.getvalue().count("\n") > MOST_ROWS:
            yield RowError(MOST_ROWS + 1, _("For more than %d lines there is manage.py import_consents.") % MOST_ROWS)
        else:
            try:
                rows = read_consent_sheet(sheet, timezone=self.organization.timezone, as_of=timezone.now())
            except UnableToReadError as error:
                yield RowError(1, str(error))
            else:
                yield from import_consents(self.organization, rows, actor=self.actor)


@admin.register(Consent)
class ConsentImportAdmin(SheetImportAdmin, ConsentAdmin):
    audited_as = "consent.imported"
    resource_classes = (ConsentResource,)


def _row_result(imported: ImportedWord) -> RowResult:
    row, result = imported.row, RowResult()
    result.import_type = TYPES[imported.outcome]
    agreed = "yes" if row.is_given else "no"
    given_at = row.given_at.isoformat(" ", "minutes")
    result.diff = [row.client, row.category, agreed, given_at, row.frequency or "", row.note]
    return result
