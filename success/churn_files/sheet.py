"""The rows of a CSV file of clients who left, each as what it says or as what is wrong with it."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TextIO

from success.spreadsheets import plain_cell
from success.task_files.sheet import DELIMITERS, RowError, UnableToReadError

COLUMNS = ("client", "churned_on", "reason")
NEEDED = ("client", "churned_on")


@dataclass(frozen=True, slots=True)
class ChurnRow:
    line: int
    client: str
    churned_on: date
    reason: str


def read_churn_sheet(text: TextIO) -> Iterator[ChurnRow | RowError]:
    """The columns by the header, in any order; separated by commas, semicolons or tabs. Raises UnableToReadError."""
    header = text.readline()
    delimiter = max(DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if missing := [name for name in NEEDED if name not in columns]:
        raise UnableToReadError(f"The first line has to name the columns {', '.join(NEEDED)}; missing: {missing[0]}.")
    if set(columns) - set(COLUMNS) or len(set(columns)) < len(columns):
        raise UnableToReadError(f"The columns are {', '.join(COLUMNS)}, each once.")
    return _rows(text, columns, delimiter)


def _rows(text: TextIO, columns: list[str], delimiter: str) -> Iterator[ChurnRow | RowError]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowError(line, f"It cannot be read: {error}.")
            continue
        if not any(cells):
            continue
        if len(cells) != len(columns):
            yield RowError(line, f"It has {len(cells)} columns, the header has {len(columns)}.")
        else:
            yield _row(line, dict(zip(columns, cells, strict=True)))


def _row(line: int, cells: Mapping[str, str]) -> ChurnRow | RowError:
    said = {name: plain_cell(cell).strip() for name, cell in cells.items()}
    if problem := _unfit(said):
        return RowError(line, problem)
    try:
        churned_on = date.fromisoformat(said["churned_on"])
    except ValueError:
        return RowError(line, f"churned_on: “{said['churned_on'][:40]}” is no date such as 2026-01-31.")
    return ChurnRow(line, said["client"], churned_on, said.get("reason", ""))


def _unfit(said: Mapping[str, str]) -> str | None:
    text = "".join(said.values())
    if "\0" in text:
        return "It holds the character NUL."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "It is not written in UTF-8."
    return None if said["client"] else "client: it is empty."
