"""Hands the outbox over to Django's mail backend, one mail after the other."""

import hashlib
import smtplib
import time
from collections.abc import Callable
from email.utils import parseaddr

import structlog
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from emails.models import OutboxEmail
from emails.states import (
    begin_call,
    claim_email,
    mark_failed,
    mark_retry,
    mark_sent,
    mark_uncertain,
    release_expired,
)

logger = structlog.get_logger(__name__)

TOO_MANY_REQUESTS = 429


def deliver_all(*, seconds: float) -> int:
    """Send what is due until nothing is or the time is up; returns how many were handed over.

    The loop reads the clock: leases and times of sending are those of each mail. Not to be called inside
    of a transaction, as each state must be committed before the next begins.
    """
    release_expired(now=timezone.now())
    deadline = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < deadline:
        email = claim_email(now=timezone.now())
        if email is None:
            break
        sent += deliver(email)
    return sent


def deliver(email: OutboxEmail) -> bool:
    """Hand over a claimed mail and record what is known of the outcome; true when it was sent."""
    backend = get_connection()
    try:
        # Nothing has been handed over as long as there is no connection.
        backend.open()
    except OSError as error:
        return _record(mark_retry, email, error)
    try:
        if not begin_call(email, now=timezone.now()):
            return False
        return _call(email, backend)
    finally:
        backend.close()


def _call(email: OutboxEmail, backend: BaseEmailBackend) -> bool:
    try:
        backend.send_messages([message_of(email, backend)])
    except Exception as error:  # noqa: BLE001
        # Any backend may be configured, each with errors of its own: what cannot be told is uncertain.
        return _record(_outcome_of(error), email, error)
    mark_sent(email, now=timezone.now())
    return True


def message_of(email: OutboxEmail, backend: BaseEmailBackend) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        email.subject, email.text, to=[email.to_address], connection=backend, headers={"Message-ID": message_id(email)}
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    return message


def message_id(email: OutboxEmail) -> str:
    """The same at every attempt, so that a doubled mail could be recognised."""
    digest = hashlib.sha256(f"{email.pk}:{email.kind}:{email.key}".encode()).hexdigest()[:32]
    _, _, domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")
    return f"<{digest}@{domain or 'localhost'}>"


def _outcome_of(error: Exception) -> Callable[..., None]:
    """What an error of the call says about the mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _by_code(max(code for code, _ in error.recipients.values()))
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code)
    if isinstance(error, AnymailRecipientsRefused):
        return mark_failed
    if isinstance(error, AnymailAPIError) and error.status_code and error.status_code < 500:
        return mark_retry if error.status_code == TOO_MANY_REQUESTS else mark_failed
    return mark_uncertain


def _by_code(code: int) -> Callable[..., None]:
    """SMTP: 4yz may pass, 5yz will not, and -1 is no answer at all."""
    if code < 400:
        return mark_uncertain
    return mark_retry if code < 500 else mark_failed


def _record(outcome: Callable[..., None], email: OutboxEmail, error: Exception) -> bool:
    logger.warning("mail_not_sent", email_id=email.pk, outcome=outcome.__name__, error=type(error).__name__)
    # Errors of mail servers quote addresses; the kind and the code are what helps.
    code = getattr(error, "smtp_code", None) or getattr(error, "status_code", None)
    outcome(email, error=f"{type(error).__name__} {code or ''}".strip(), now=timezone.now())
    return False
