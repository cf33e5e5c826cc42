"""The rows of a file, each with its number; what is wrong with one is said of that one."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TextIO

from telemetry.gate import BYTE_ORDER_MARK, FLAWS, LARGEST_EVENT, LONE_SURROGATE, RefusedRequestError, read_one
from telemetry.importing.options import Format, ImportOptions, UnableToImportError

TOO_LARGE = ("too_large", FLAWS["too_large"])
DELIMITERS = {Format.CSV: ",", Format.TSV: "\t"}


class SourceRow(NamedTuple):
    """`number` counts the rows of data from 1; `flaw` is a code and a message."""

    number: int
    values: Mapping[str, Any]
    flaw: tuple[str, str] | None = None


def rows_of(text: TextIO, options: ImportOptions) -> Iterator[SourceRow]:
    """Raises UnableToImportError when the header says that nothing can come of it."""
    if options.format is Format.NDJSON:
        return _json_rows(text)
    if options.format is Format.WHITESPACE:
        return _table(_split_lines(text), options)
    return _table(_csv_records(text, options), options)


class _Flawed(NamedTuple):
    flaw: tuple[str, str]


Record = list[str] | _Flawed


class _TooLongError(Exception):
    pass


class _Lines:
    """Lines, none of them held in memory beyond what an event may have. Goes on after a line that raised."""

    def __init__(self, text: TextIO) -> None:
        self.text = text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.text.readline(LARGEST_EVENT + 1)
        if not line:
            raise StopIteration
        if len(line) > LARGEST_EVENT and line[-1] not in "\r\n":
            while (rest := self.text.readline(LARGEST_EVENT + 1)) and rest[-1] not in "\r\n":
                pass
            raise _TooLongError
        return line


def _csv_records(text: TextIO, options: ImportOptions) -> Iterator[Record]:
    delimiter = options.delimiter or DELIMITERS[options.format]
    reader = csv.reader(_Lines(text), delimiter=delimiter, strict=True, skipinitialspace=delimiter == " ")
    while True:
        first_line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Flawed(("malformed", f"The row cannot be read from line {first_line} on: {error}."))
            continue
        except _TooLongError:
            yield _Flawed(TOO_LARGE)
            continue
        if record:
            yield record


def _split_lines(text: TextIO) -> Iterator[Record]:
    for line in _whole_lines(text):
        yield _Flawed(TOO_LARGE) if line is None else line.split()


def _whole_lines(text: TextIO) -> Iterator[str | None]:
    """Lines that are not blank, and None for one that is too long."""
    lines = _Lines(text)
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except _TooLongError:
            yield None
            continue
        if not line.isspace():
            yield line


def _table(records: Iterable[Record], options: ImportOptions) -> Iterator[SourceRow]:
    records = iter(records)
    columns = options.columns or _header(records)
    width = len(columns)
    if len(set(columns)) != width:
        raise UnableToImportError("Two columns of the file have the same name: name them with --columns.")
    for number, record in enumerate(records, 1):
        flaw = record.flaw if isinstance(record, _Flawed) else _flaw(record, width)
        yield SourceRow(number, {}, flaw) if flaw else SourceRow(number, dict(zip(columns, record, strict=True)))


def _header(records: Iterator[Record]) -> Sequence[str]:
    header = next(records, None)
    if header is None:
        raise UnableToImportError("The file is empty.")
    if isinstance(header, _Flawed):
        raise UnableToImportError(f"The header cannot be read. {header.flaw[1]}")
    return [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]


def _flaw(record: list[str], width: int) -> tuple[str, str] | None:
    if len(record) != width:
        return "ragged", f"The row has {len(record)} columns, the header has {width}."
    joined = "".join(record)
    if "\0" in joined or not (joined.isascii() or not LONE_SURROGATE.search(joined)):
        return "invalid_text", "The row holds NUL or bytes that are not in the file's encoding."
    if len(joined) > LARGEST_EVENT or len(joined.encode()) > LARGEST_EVENT:
        return TOO_LARGE
    return None


def _json_rows(text: TextIO) -> Iterator[SourceRow]:
    for number, line in enumerate(_whole_lines(text), 1):
        yield SourceRow(number, {}, TOO_LARGE) if line is None else _json_row(number, line)


def _json_row(number: int, line: str) -> SourceRow:
    try:
        items = read_one(line.removeprefix(BYTE_ORDER_MARK)).items or []
    except RefusedRequestError as error:
        return SourceRow(number, {}, (error.code, FLAWS.get(error.code, error.message)))
    return SourceRow(number, items[0].value, items[0].flaw)
