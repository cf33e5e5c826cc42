"""The rows of a CSV file of tasks, each as what it says or as what is wrong with it."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from success.client_tasks import checked_title
from success.models import Task
from success.spreadsheets import plain_cell

COLUMNS = ("client", "external_id", "title", "status", "onboarding", "due_on", "completed_at")
NEEDED = ("client", "title")
DELIMITERS = (",", ";", "\t")
LONGEST_ID = 255
FIRST_YEAR = 1900
YES, NO = frozenset({"yes", "true", "1", "x"}), frozenset({"no", "false", "0"})
STATUSES: Mapping[str, Task.Status] = {str(status): status for status in Task.Status} | {"to_do": Task.Status.TODO}


class UnableToReadError(Exception):
    """Nothing can be made of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """None is not said: a new task gets the default, one that is there keeps what it has."""

    line: int
    client: str
    external_id: str
    title: str
    status: Task.Status | None
    is_onboarding: bool | None
    due_on: date | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RowError:
    """`line` is the line of the file on which the row begins, the header's being 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class TaskSheet:
    columns: tuple[str, ...]
    rows: Iterator[TaskRow | RowError]


def read_sheet(text: TextIO, *, timezone: ZoneInfo, as_of: datetime) -> TaskSheet:
    """The columns by the header, in any order; separated by commas, semicolons or tabs. Raises UnableToReadError.

    Times without an offset are those of `timezone`; bytes that are no text are to be lone surrogates.
    """
    delimiter, names = read_header(text)
    columns = tuple(names)
    _check(columns)
    return TaskSheet(columns, _rows(text, columns, delimiter, _Reading(timezone, as_of)))


def read_header(text: TextIO) -> tuple[str, list[str]]:
    """The delimiter and the columns' names, in lower case. Raises UnableToReadError."""
    header = text.readline()
    delimiter = max(DELIMITERS, key=header.count)
    try:
        return delimiter, [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error as error:
        raise UnableToReadError(f"The first line cannot be read: {error}.") from error


def _check(columns: tuple[str, ...]) -> None:
    if missing := [name for name in NEEDED if name not in columns]:
        raise UnableToReadError(f"The first line has to name the columns {', '.join(NEEDED)}; missing: {missing[0]}.")
    if unknown := [name for name in columns if name not in COLUMNS]:
        name = unknown[0].encode(errors="replace").decode()[:80]
        raise UnableToReadError(f"There is no column “{name}”. Those known are {', '.join(COLUMNS)}.")
    if len(set(columns)) < len(columns):
        raise UnableToReadError("A column is there twice.")


def _rows(text: TextIO, columns: tuple[str, ...], delimiter: str, reading: "_Reading") -> Iterator[TaskRow | RowError]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
            if not any(cells):
                continue
            if len(cells) != len(columns):
                raise _WrongCellError(f"It has {len(cells)} columns, the header has {len(columns)}.")  # noqa: TRY301
            yield reading.row(line, dict(zip(columns, cells, strict=True)))
        except StopIteration:
            return
        except csv.Error as error:
            yield RowError(line, f"It cannot be read: {error}.")
        except _WrongCellError as error:
            yield RowError(line, str(error))


class _WrongCellError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Reading:
    timezone: ZoneInfo
    as_of: datetime

    def row(self, line: int, cells: Mapping[str, str]) -> TaskRow:
        said = {name: plain_cell(_text(cell)).strip() for name, cell in cells.items()}
        completed_at = self._time(said.get("completed_at", ""))
        status = _status(said.get("status", "")) or (Task.Status.DONE if completed_at else None)
        if completed_at and status is not Task.Status.DONE:
            raise _WrongCellError("completed_at: only a task with the status done has it.")
        return TaskRow(
            line=line,
            client=_id(said["client"], "client") or _missing("client"),
            external_id=_id(said.get("external_id", ""), "external_id"),
            title=_title(said["title"]),
            status=status,
            is_onboarding=_yes_or_no(said.get("onboarding", "")),
            due_on=_day(said.get("due_on", "")),
            completed_at=completed_at,
        )

    def _time(self, text: str) -> datetime | None:
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise _WrongCellError(f"completed_at: “{text[:40]}” is no time such as 2026-01-31T14:00.") from None
        if at.year < FIRST_YEAR:
            raise _WrongCellError("completed_at: too long ago.")
        at = at if at.tzinfo else at.replace(tzinfo=self.timezone)
        if at > self.as_of:
            raise _WrongCellError("completed_at: it has not come yet.")
        return at


def _text(cell: str) -> str:
    try:
        cell.encode()
    except UnicodeEncodeError:
        raise _WrongCellError("It is not written in UTF-8.") from None
    if "\0" in cell:
        raise _WrongCellError("It holds the character NUL.")
    return cell


def _missing(column: str) -> str:
    raise _WrongCellError(f"{column}: it is empty.")


def _id(text: str, column: str) -> str:
    if len(text) > LONGEST_ID:
        raise _WrongCellError(f"{column}: it has more than {LONGEST_ID} characters.")
    return text


def _title(text: str) -> str:
    try:
        return checked_title(text)
    except ValidationError as error:
        raise _WrongCellError(f"title: {error.messages[0]}") from None


def _status(text: str) -> Task.Status | None:
    status = STATUSES.get(text.lower().replace(" ", "_").replace("-", "_"))
    if text and status is None:
        raise _WrongCellError(f"status: “{text[:40]}” is none of {', '.join(Task.Status.values)}.")
    return status


def _yes_or_no(text: str) -> bool | None:
    said = text.lower()
    if said and said not in YES | NO:
        raise _WrongCellError(f"onboarding: “{text[:40]}” is neither yes nor no.")
    return said in YES if said else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _WrongCellError(f"due_on: “{text[:40]}” is no date such as 2026-01-31.") from None
