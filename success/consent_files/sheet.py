"""The rows of a CSV file of what clients agreed to, each as what it says or as what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TextIO
from zoneinfo import ZoneInfo

from emails.categories import Category, Frequency
from success.csv_rows import SaidRow, read_rows
from success.task_files.sheet import FIRST_YEAR, NO, YES, RowError

COLUMNS = ("client", "category", "agreed", "given_at", "frequency", "note")
NEEDED = ("client", "category", "agreed", "given_at")
LONGEST_NOTE = 1_000


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """`frequency` None: as it is, or every week."""

    line: int
    client: str
    category: Category
    is_given: bool
    given_at: datetime
    frequency: Frequency | None
    note: str


def read_consent_sheet(text: TextIO, *, timezone: ZoneInfo, as_of: datetime) -> Iterator[ConsentRow | RowError]:
    """As `read_rows` does. Times without an offset, and days, are those of `timezone`. Raises UnableToReadError."""
    return map(partial(_read, timezone=timezone, as_of=as_of), read_rows(text, columns=COLUMNS, needed=NEEDED))


class _WrongCellError(Exception):
    pass


def _read(row: SaidRow | RowError, *, timezone: ZoneInfo, as_of: datetime) -> ConsentRow | RowError:
    if isinstance(row, RowError):
        return row
    said = row.cells
    try:
        return ConsentRow(
            line=row.line,
            client=said["client"],
            category=_category(said["category"]),
            is_given=_yes_or_no(said["agreed"]),
            given_at=_time(said["given_at"], timezone, as_of=as_of),
            frequency=_frequency(said.get("frequency", "")),
            note=_note(said.get("note", "")),
        )
    except _WrongCellError as error:
        return RowError(row.line, str(error))


def _category(text: str) -> Category:
    if text.lower() not in Category.values:
        raise _WrongCellError(f"category: “{text[:40]}” is none of {', '.join(Category.values)}.")
    return Category(text.lower())


def _frequency(text: str) -> Frequency | None:
    if text and text.lower() not in Frequency.values:
        raise _WrongCellError(f"frequency: “{text[:40]}” is none of {', '.join(Frequency.values)}.")
    return Frequency(text.lower()) if text else None


def _yes_or_no(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise _WrongCellError(f"agreed: “{text[:40]}” is neither yes nor no.")
    return text.lower() in YES


def _time(text: str, timezone: ZoneInfo, *, as_of: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _WrongCellError(f"given_at: “{text[:40]}” is no time such as 2026-01-31T14:00.") from None
    if not FIRST_YEAR <= at.year <= as_of.year + 1:
        raise _WrongCellError(f"given_at: {at.year} is no year in which anybody was asked.")
    at = at if at.tzinfo else at.replace(tzinfo=timezone)
    if at > as_of:
        raise _WrongCellError("given_at: it has not come yet.")
    return at


def _note(text: str) -> str:
    if len(text) > LONGEST_NOTE:
        raise _WrongCellError(f"note: it has more than {LONGEST_NOTE} characters.")
    return text
