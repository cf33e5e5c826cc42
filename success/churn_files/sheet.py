"""The rows of a CSV file of clients who left, each as what it says or as what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TextIO

from success.csv_rows import SaidRow, read_rows
from success.task_files.sheet import RowError

COLUMNS = ("client", "churned_on", "reason")
NEEDED = ("client", "churned_on")


@dataclass(frozen=True, slots=True)
class ChurnRow:
    line: int
    client: str
    churned_on: date
    reason: str


def read_churn_sheet(text: TextIO) -> Iterator[ChurnRow | RowError]:
    """As `read_rows` does. Raises UnableToReadError."""
    return map(_read, read_rows(text, columns=COLUMNS, needed=NEEDED))


def _read(row: SaidRow | RowError) -> ChurnRow | RowError:
    if isinstance(row, RowError):
        return row
    try:
        churned_on = date.fromisoformat(row.cells["churned_on"])
    except ValueError:
        return RowError(row.line, f"churned_on: “{row.cells['churned_on'][:40]}” is no date such as 2026-01-31.")
    return ChurnRow(row.line, row.cells["client"], churned_on, row.cells.get("reason", ""))
