"""Times as files write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from telemetry.event_times import EARLIEST, FIRST_MILLISECONDS, UnreadableTimeError, read_time
from telemetry.importing.options import ImportOptions
from telemetry.message_fields import RejectedEventError

EPOCH_DIGITS = (10, 13)
TimeReader = Callable[[Any], datetime]


def time_reader(options: ImportOptions) -> TimeReader:
    """Reads a time; one without an offset is one of the options' timezone. Raises RejectedEventError.

    A time is never made up: an import without times would stamp the past as today.
    """
    zone = ZoneInfo(options.timezone)

    @lru_cache(maxsize=4_096)
    def read_text(text: str) -> datetime:
        moment = datetime.strptime(text, options.date_format) if options.date_format else _moment(text)  # noqa: DTZ007
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    def read(value: Any) -> datetime:
        if value is None or (isinstance(value, str) and not value.strip()):
            raise RejectedEventError("time_missing", "The row does not say when it happened.")
        try:
            return read_text(value.strip()) if isinstance(value, str) else read_time(value)
        except (UnreadableTimeError, ValueError, OverflowError) as error:
            raise RejectedEventError(
                "time_unreadable", "When it happened cannot be read: see --date-format."
            ) from error

    return read


def _moment(text: str) -> datetime:
    if text.isdecimal() and len(text) in EPOCH_DIGITS:
        number = int(text)
        return EARLIEST + timedelta(seconds=number / 1_000 if number >= FIRST_MILLISECONDS else number)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return read_time(text)
