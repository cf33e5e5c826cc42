from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery.signals import beat_init, worker_init
from celery.utils.dispatch import Signal
from django.db import OperationalError, connection
from structlog.testing import capture_logs

from jobs.right_clock import MOST_SECONDS, WrongClockError

STARTS = pytest.mark.parametrize("starts", [worker_init, beat_init])


@STARTS
@pytest.mark.parametrize("wrong_by", [MOST_SECONDS + 5, -MOST_SECONDS - 5])
def test_a_host_with_a_wrong_clock_does_not_start(committed_db: None, starts: Signal, wrong_by: int) -> None:
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(seconds=wrong_by)),
        capture_logs() as logs,
        pytest.raises(WrongClockError, match=r"s off the database's"),
    ):
        starts.send(sender=None)
    assert [(each["event"], each["ahead_seconds"]) for each in logs] == [("clock_wrong", wrong_by)]


@STARTS
@pytest.mark.parametrize("wrong_by", [MOST_SECONDS - 5, 5 - MOST_SECONDS])
def test_clocks_may_differ_as_far_as_messages_live_much_longer(
    committed_db: None, starts: Signal, wrong_by: int
) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=wrong_by)):
        starts.send(sender=None)
    assert connection.connection is None


def test_a_host_starts_without_a_database(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "ensure_connection", refused)
    connection.close()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        worker_init.send(sender=None)
