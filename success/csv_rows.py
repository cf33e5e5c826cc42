"""The rows of a CSV file as texts, each by its columns' names, or as what is wrong with it."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

from success.spreadsheets import plain_cell
from success.task_files.sheet import RowError, UnableToReadError, read_header


@dataclass(frozen=True, slots=True)
class SaidRow:
    line: int
    cells: Mapping[str, str]


def read_rows(text: TextIO, *, columns: Collection[str], needed: Collection[str]) -> Iterator[SaidRow | RowError]:
    """The columns by the header, in any order; separated by commas, semicolons or tabs. Raises UnableToReadError.

    `client` is among them and never empty. Bytes that are no text are to be lone surrogates.
    """
    delimiter, names = read_header(text)
    if missing := [name for name in needed if name not in names]:
        raise UnableToReadError(f"The first line has to name the columns {', '.join(needed)}; missing: {missing[0]}.")
    if set(names) - set(columns) or len(set(names)) < len(names):
        raise UnableToReadError(f"The columns are {', '.join(columns)}, each once.")
    return _rows(text, names, delimiter)


def _rows(text: TextIO, names: list[str], delimiter: str) -> Iterator[SaidRow | RowError]:
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
        if len(cells) != len(names):
            yield RowError(line, f"It has {len(cells)} columns, the header has {len(names)}.")
        else:
            yield _row(line, dict(zip(names, cells, strict=True)))


def _row(line: int, cells: Mapping[str, str]) -> SaidRow | RowError:
    said = {name: plain_cell(cell).strip() for name, cell in cells.items()}
    problem = _unfit(said)
    return RowError(line, problem) if problem else SaidRow(line, said)


def _unfit(said: Mapping[str, str]) -> str | None:
    text = "".join(said.values())
    if "\0" in text:
        return "It holds the character NUL."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "It is not written in UTF-8."
    return None if said["client"] else "client: it is empty."
