from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry.event_times import EventTime, UnreadableTimeError, event_time, read_time

RECEIVED = datetime(2026, 11, 18, 12, tzinfo=UTC)


def at(stated: Any, sent: Any = None, as_of: datetime = RECEIVED) -> EventTime:
    return event_time(stated, sent, received_at=RECEIVED, as_of=as_of)


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2015-2-02T00:30:08.276Z", datetime(2015, 2, 2, 0, 30, 8, 276_000, tzinfo=UTC)),
        ("2026-11-18T12:00:00.123456789Z", datetime(2026, 11, 18, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-11-18T12:00:00+02:00", datetime(2026, 11, 18, 10, tzinfo=UTC)),
        ("2026-11-18 12:00:00 UTC", RECEIVED),
        ("2026-11-18T12:00:00", RECEIVED),
        ("2026-1-8 9:5 -0330", datetime(2026, 1, 8, 12, 35, tzinfo=UTC)),
        ("2026-11-18", datetime(2026, 11, 18, tzinfo=UTC)),
        (1_795_003_200, RECEIVED),
        (1_795_003_200_000, RECEIVED),
        (1_795_003_200.5, RECEIVED + timedelta(milliseconds=500)),
        (datetime(2026, 11, 18, 12), RECEIVED),  # noqa: DTZ001 - a time without an offset is what is tested
    ],
)
def test_read_time_gives_utc(stated: Any, moment: datetime) -> None:
    assert read_time(stated) == moment


@pytest.mark.parametrize(
    "stated",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-2-30T00:00:00Z",
        "99999-01-01",
        True,
        {},
        [],
        1e300,
        float("nan"),
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "12:00",
        "now",
        10**40,
    ],
)
def test_read_time_refuses_what_is_no_time(stated: Any) -> None:
    with pytest.raises(UnreadableTimeError):
        read_time(stated)


def test_the_clock_of_the_sender_is_corrected() -> None:
    stated, sent = RECEIVED + timedelta(hours=2), RECEIVED + timedelta(hours=2, minutes=5)
    assert at(stated, sent) == EventTime(RECEIVED - timedelta(minutes=5), stated, sent, "")


def test_without_a_time_of_sending_the_stated_time_counts() -> None:
    stated = RECEIVED - timedelta(days=400)
    assert at(stated) == at(stated, "unreadable") == EventTime(stated, stated, None, "")


def test_without_a_stated_time_the_event_happened_when_it_came_in() -> None:
    assert at(None, RECEIVED) == EventTime(RECEIVED, None, RECEIVED, "")


def test_a_time_is_at_most_a_day_ahead() -> None:
    day = timedelta(hours=24)
    assert at(RECEIVED + day).problem == ""
    assert at(RECEIVED + day + timedelta(microseconds=1)).problem == "time_in_future"
    assert at(RECEIVED + 2 * day, as_of=RECEIVED + day).problem == ""


@pytest.mark.parametrize(
    ("stated", "sent", "problem"),
    [
        ("soon", None, "time_unreadable"),
        ("1969-12-31T23:59:59Z", None, "time_too_early"),
        ("0001-01-01T00:00:00Z", None, "time_too_early"),
        ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "time_too_early"),
        ("1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "time_too_early"),
        ("9999-12-31T00:00:00Z", None, "time_in_future"),
        ("9999-12-31T00:00:00Z", "1970-01-01T00:00:00Z", "time_in_future"),
    ],
)
def test_a_time_that_cannot_be_right_is_a_problem(stated: str, sent: str | None, problem: str) -> None:
    assert at(stated, sent) == EventTime(None, None, None, problem)
