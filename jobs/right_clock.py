"""Every host's clock decides when a period is over there, and which messages are too old to be looked at."""

from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

logger = structlog.get_logger(__name__)

# Far less than a message's life and far more than hosts differ whose time is set over the network.
MOST_SECONDS = 30


class WrongClockError(SystemExit):
    """Who starts us tries again, and by then the time may have been set. Celery swallows any other exception here."""


def refuse_wrong_clock(**kwargs: Any) -> None:
    """Raise WrongClockError in a worker or clock that starts on a host whose time is not that of the database.

    Ahead, it would begin a day before it is over, and throw away as too old the messages that others sent just now.
    A database that is away is no reason not to start.
    """
    try:
        ahead = (timezone.now() - _time_of_database()).total_seconds()
    except (DatabaseError, InterfaceError):
        return
    finally:
        # Not to be shared with the processes that are forked from this one.
        connection.close()
    if abs(ahead) > MOST_SECONDS:
        logger.critical("clock_wrong", ahead_seconds=round(ahead))
        raise WrongClockError(
            f"This host's clock is {ahead:+.0f} s off the database's. Have both set over the network (NTP): "
            "docs/deployment.md, another machine that works."
        )


def _time_of_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told
