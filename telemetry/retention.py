"""How long events are kept. Daily activity stays for ever."""

from dataclasses import dataclass
from datetime import date

from accounts.tenancy import all_organizations
from telemetry.partitions import create_partitions, retire_month, stored_months

MONTHS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class RetiredMonth:
    month: date
    events: int


def drop_old_events(*, as_of: date, keep_months: int) -> list[RetiredMonth]:
    """Drop what was received before the `keep_months` whole months before that of `as_of`.

    Each month is a transaction of its own unless one is around it. Raises ValueError for keep_months < 1.
    """
    if keep_months < 1:
        raise ValueError("At least one whole month is kept.")
    oldest = _months_before(as_of, keep_months)
    with all_organizations():
        months = [month for month in stored_months() if month < oldest]
    return [_retire(month) for month in months]


def prepare_months(*, as_of: date) -> int:
    """Make the partitions of this month and the next ones where they are missing; how many were."""
    with all_organizations():
        return create_partitions(as_of.replace(day=1), months=MONTHS_AHEAD)


def _retire(month: date) -> RetiredMonth:
    with all_organizations():
        return RetiredMonth(month, retire_month(month))


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    return date(max(count // 12, 1), count % 12 + 1, 1)
