"""A line to the provider: one connection, kept for many mails and replaced when it has died."""

import time
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from emails.capabilities import Capability, capability_of
from emails.messages import message_of
from emails.models import OutboxEmail
from emails.verdicts import Outcome, outcome_of

# So many failures in a row that were of no mail's making, and the line rests until the next minute.
MOST_TROUBLES = 5
LONGEST_PAUSE = 5.0


class NotTakenError(Exception):
    """The backend sent nothing and said nothing."""


class Line:
    """Use as a context manager."""

    def __init__(self) -> None:
        self.backend: Any = None
        self.provider: str = settings.EMAIL_BACKEND
        self.capability: Capability = capability_of(self.provider)
        self.troubles = 0

    @property
    def is_in_trouble(self) -> bool:
        return self.troubles >= MOST_TROUBLES

    def open(self) -> None:
        """Connect unless it is; as long as that fails nothing has been handed over."""
        if self.backend is None:
            backend = get_connection()
            backend.open()
            self.backend = backend

    def message_of(self, email: OutboxEmail) -> EmailMessage:
        message = message_of(email, backend=self.backend, takes_metadata=self.capability.takes_metadata)
        if self.capability.give_key:
            self.capability.give_key(self.backend, message, email.uid)
        return message

    def send(self, message: EmailMessage) -> str:
        """Hand it over; gives the provider's id of it, or nothing where there is none. Raises whatever went wrong."""
        if self.backend.send_messages([message]) == 0:
            raise NotTakenError
        self.troubles = 0
        status = getattr(message, "anymail_status", None)
        return str(getattr(status, "message_id", None) or "")

    def outcome_of(self, error: Exception, email: OutboxEmail) -> Outcome:
        """What the error says about the mail. The connection is given up with it: nobody knows what it is in."""
        outcome = outcome_of(
            error,
            capability=self.capability,
            has_left=getattr(self.backend, "has_left", True),
            is_in_doubt=email.doubtful_since is not None,
        )
        self.count(is_general=outcome.is_general)
        self.close()
        if outcome.wait:
            time.sleep(min(outcome.wait.total_seconds(), LONGEST_PAUSE))
        return outcome

    def count(self, *, is_general: bool) -> None:
        self.troubles = self.troubles + 1 if is_general else 0

    def close(self) -> None:
        backend, self.backend = self.backend, None
        try:
            if backend is not None:
                backend.close()
        except Exception:  # noqa: BLE001, S110 - it is given up, and says nothing about any mail
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
