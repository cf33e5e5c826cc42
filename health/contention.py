"""Trying again what lost against another transaction."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction
from psycopg import errors

# Another check or member may open the same alert between our reading and our writing.
PASSING = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
MOST_ATTEMPTS = 8

Result = TypeVar("Result")


class MetAnotherError(Exception):
    """Raised by a writer who finds that another one has written what it should have read."""


def until_it_passes(write: Callable[[], Result]) -> Result:
    """Run it in a transaction or savepoint of its own, again when it met another one; it then reads what that wrote."""
    for attempt in range(1, MOST_ATTEMPTS):
        try:
            with transaction.atomic():
                return write()
        except (OperationalError, IntegrityError, MetAnotherError) as error:
            if not isinstance(error, MetAnotherError) and not isinstance(error.__cause__, PASSING):
                raise
            time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311 - spreads retries
    with transaction.atomic():
        return write()
