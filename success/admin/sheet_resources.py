"""What the admin's imports of CSV files have in common: all of the rows or, when one of them cannot be, none."""

import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from accounts.models import Organization, User
from success.admin.task_files import MOST_ERRORS, MOST_ROWS
from success.task_files.sheet import RowError, UnableToReadError


class SheetResource(ModelResource):  # type: ignore[misc]
    """Of one organization. `imported` stores the rows and gives what became of each, `row_result` shows that."""

    columns: tuple[str, ...]
    command: str

    def __init__(self, organization: Organization | None = None, actor: User | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization
        self.actor = actor

    def imported(self, sheet: io.StringIO, organization: Organization) -> Iterator[Any]:
        """Raises UnableToReadError."""
        raise NotImplementedError

    def row_result(self, each: Any) -> RowResult:
        raise NotImplementedError

    def import_data(self, dataset: io.StringIO, dry_run: bool = False, **kwargs: Any) -> Result:
        result = Result()
        result.diff_headers = [name.replace("_", " ") for name in self.columns]
        with transaction.atomic():
            outcomes = list(self._outcomes(dataset))
            errors = [each for each in outcomes if isinstance(each, RowError)]
            if dry_run or errors:
                transaction.set_rollback(True)
        for error in errors[:MOST_ERRORS]:
            result.append_invalid_row(error.line, {"": error.message}, forms.ValidationError(error.message))
        for each in outcomes if not errors else []:
            row = self.row_result(each)
            result.append_row_result(row)
            result.increment_row_result_total(row)
        result.total_rows = len(outcomes)
        return result

    def _outcomes(self, sheet: io.StringIO) -> Iterator[Any]:
        if self.organization is None:
            yield RowError(1, _("Choose an organization."))
        elif not sheet.getvalue():
            yield RowError(1, _("The file is empty or not kept any more: upload it again."))
        elif sheet.getvalue().count("\n") > MOST_ROWS:
            text = _("For more than %(lines)d lines there is manage.py %(command)s.")
            yield RowError(MOST_ROWS + 1, text % {"lines": MOST_ROWS, "command": self.command})
        else:
            try:
                yield from self.imported(sheet, self.organization)
            except UnableToReadError as error:
                yield RowError(1, str(error))
