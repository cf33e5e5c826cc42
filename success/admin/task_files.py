"""Tasks as CSV files in the admin: export of what the list shows, import with a preview."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.formats.base_formats import CSV
from import_export.forms import ConfirmImportForm
from import_export.resources import ModelResource
from import_export.results import Result, RowResult
from import_export.tmp_storages import CacheStorage
from unfold.contrib.import_export.forms import ImportForm
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import Organization, User
from success.models import Task
from success.spreadsheets import safe_cell
from success.task_files.importing import Imported, Outcome, import_tasks
from success.task_files.sheet import COLUMNS, RowError, UnableToReadError, read_sheet

MOST_ROWS = 5_000
MOST_BYTES = 4_000_000
MOST_ERRORS = 100
TYPES = {
    Outcome.NEW: RowResult.IMPORT_TYPE_NEW,
    Outcome.CHANGED: RowResult.IMPORT_TYPE_UPDATE,
    Outcome.SAME: RowResult.IMPORT_TYPE_SKIP,
}


class SheetFormat(CSV):  # type: ignore[misc]
    """CSV that is read by the product's own reader, and written so that a spreadsheet runs nothing."""

    def get_title(self) -> str:
        return "csv"

    def create_dataset(self, in_stream: bytes | None, **kwargs: Any) -> io.StringIO:
        return io.StringIO((in_stream or b"").decode("utf-8-sig", "surrogateescape"), newline="")

    def export_data(self, dataset: Any, **kwargs: Any) -> str:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(dataset.headers)
        writer.writerows([safe_cell(str(cell)) for cell in row] for row in dataset)
        return text.getvalue()


class KeptUpload(CacheStorage):  # type: ignore[misc]
    """Between preview and confirmation: in the cache, for the next request may reach another machine."""

    CACHE_LIFETIME = 3600
    CACHE_PREFIX = "success-task-file-"


class TaskResource(ModelResource):  # type: ignore[misc]
    """The columns are those of `manage.py import_tasks`, which takes larger files."""

    client = Field("client__external_id", "client")
    onboarding = Field("is_onboarding", "onboarding")

    class Meta:
        model = Task
        fields = COLUMNS
        export_order = COLUMNS

    def __init__(self, organization: Organization | None = None, actor: User | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization

    def dehydrate_onboarding(self, task: Task) -> str:
        return "yes" if task.is_onboarding else "no"

    def dehydrate_due_on(self, task: Task) -> str:
        return task.due_on.isoformat() if task.due_on else ""

    def dehydrate_completed_at(self, task: Task) -> str:
        return task.completed_at.isoformat() if task.completed_at else ""

    def import_data(self, dataset: io.StringIO, dry_run: bool = False, **kwargs: Any) -> Result:
        """All of the rows or, when one of them cannot be, none."""
        result = Result()
        result.diff_headers = [name.replace("_", " ") for name in COLUMNS]
        if self.organization is None:
            return _with_errors(result, [RowError(1, _("Choose an organization."))])
        now = timezone.now()
        with transaction.atomic():
            outcomes = list(_outcomes(dataset, self.organization, at=now))
            errors = [each for each in outcomes if isinstance(each, RowError)]
            if dry_run or errors:
                transaction.set_rollback(True)
        if errors:
            return _with_errors(result, errors)
        for each in outcomes:
            if isinstance(each, Imported):
                row = _row_result(each, self.organization.timezone)
                result.append_row_result(row)
                result.increment_row_result_total(row)
        result.total_rows = len(outcomes)
        return result


def _outcomes(sheet: io.StringIO, organization: Organization, *, at: datetime) -> Iterator[Imported | RowError]:
    lines = sheet.getvalue().count("\n")
    if not sheet.getvalue():
        yield RowError(1, _("The file is empty or not kept any more: upload it again."))
    elif lines > MOST_ROWS:
        yield RowError(MOST_ROWS + 1, _("For more than %d lines there is manage.py import_tasks.") % MOST_ROWS)
    else:
        try:
            tasks = read_sheet(sheet, timezone=organization.timezone, as_of=at)
            yield from import_tasks(organization.pk, tasks, at=at)
        except UnableToReadError as error:
            yield RowError(1, str(error))


def _with_errors(result: Result, errors: list[RowError]) -> Result:
    for error in errors[:MOST_ERRORS]:
        result.append_invalid_row(error.line, {}, forms.ValidationError(error.message))
    return result


def _row_result(imported: Imported, zone: ZoneInfo) -> RowResult:
    row, result = imported.row, RowResult()
    result.import_type = TYPES[imported.outcome]
    result.diff = [
        row.client,
        row.external_id,
        row.title,
        row.status or "",
        {True: "yes", False: "no", None: ""}[row.is_onboarding],
        row.due_on or "",
        row.completed_at.astimezone(zone).isoformat(" ", "minutes") if row.completed_at else "",
    ]
    return result


class SheetImportForm(ImportForm):  # type: ignore[misc]
    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 4 MB: use manage.py import_tasks."))
        return file


class OperatorsSheetImportForm(SheetImportForm):
    """An operator is of no organization and says for which one the file is."""

    organization = forms.ModelChoiceField(Organization.objects.order_by("name"), widget=UnfoldAdminSelectWidget)
    field_order = ("organization", "import_file", "format", "resource")


class SheetConfirmForm(ConfirmImportForm):  # type: ignore[misc]
    format = forms.ChoiceField(choices=[("0", "csv")], widget=forms.HiddenInput)


class OperatorsSheetConfirmForm(SheetConfirmForm):
    organization = forms.ModelChoiceField(Organization.objects.all(), widget=forms.HiddenInput)
