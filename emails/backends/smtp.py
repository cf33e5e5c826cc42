"""SMTP that knows whether the whole of a mail has left: before that, a lost connection leaves no doubt."""

import smtplib
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

END_OF_MAIL = b"\r\n.\r\n"


class Watching:
    """`has_left`: the last mail's final dot was written, so the server may have taken it."""

    has_left = False

    def send(self, s: Any) -> None:
        super().send(s)  # type: ignore[misc]
        self.has_left = self.has_left or (isinstance(s, bytes) and s.endswith(END_OF_MAIL))


class WatchingSMTP(Watching, smtplib.SMTP):
    pass


class WatchingSMTPOverSSL(Watching, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return WatchingSMTPOverSSL if self.use_ssl else WatchingSMTP

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if self.connection:
            self.connection.has_left = False  # type: ignore[attr-defined]
        return super().send_messages(email_messages)

    @property
    def has_left(self) -> bool:
        return bool(getattr(self.connection, "has_left", False))
