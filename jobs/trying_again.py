"""How the tasks that the clock fires meet a database that is away for a moment."""

from typing import Any

from django.db import InterfaceError, OperationalError

# For about a minute: then the clock fires again.
TRIES_AGAIN: dict[str, Any] = {
    "autoretry_for": (OperationalError, InterfaceError),
    "default_retry_delay": 5,
    "max_retries": 10,
}
