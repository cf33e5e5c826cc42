"""Hands the outbox over to the provider: several senders at a time, one mail after the other each."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.tenancy import all_organizations
from emails.contacts.last_look import QuietTimeError, reason_not_to_send
from emails.lines import Line
from emails.lookups import look_up_doubtful, settle_told
from emails.models import Contact, OutboxEmail
from emails.states import (
    begin_call,
    claim_emails,
    give_back,
    hold,
    lease,
    mark_failed,
    mark_retry,
    mark_sent,
    mark_skipped,
    mark_uncertain,
    put_off,
    release_expired,
)
from emails.verdicts import Outcome, Verdict

logger = structlog.get_logger(__name__)

# Taken up in one round trip. Few, as an urgent mail waits behind those that a sender has already.
BATCH = 10
TELL_AGAIN_SECONDS = 1
FORGOTTEN = "The provider remembers the key of the first call no longer."


def deliver_all(*, seconds: float) -> int:
    """Send what is due until nothing is or the time is up; returns how many were handed over.

    The senders read the clock: leases and times of sending are those of each mail. Not to be called inside of a
    transaction, as each state must be committed before the next begins.
    """
    until = time.monotonic() + seconds
    _take_back()
    if settings.MAIL_SENDERS == 1:
        return send_until(until)
    with ThreadPoolExecutor(settings.MAIL_SENDERS, thread_name_prefix="mail") as senders:
        return sum(senders.map(_send_in_thread, [until] * settings.MAIL_SENDERS))


def _take_back() -> None:
    now = timezone.now()
    with Line() as line:
        lasts = line.capability.key_lasts
        release_expired(now=now, provider=line.provider, remembered_from=now - lasts if lasts else None)
        settle_told(now=now)
        look_up_doubtful(line, now=now)


def _send_in_thread(until: float) -> int:
    try:
        return send_until(until)
    finally:
        connection.close()


def send_until(until: float) -> int:
    """One sender: its own connection to the provider, and mails in small batches."""
    sent = 0
    with Line() as line:
        while time.monotonic() < until and not line.is_in_trouble:
            emails = claim_emails(now=timezone.now(), most=BATCH)
            if not emails:
                break
            while emails and time.monotonic() < until and not line.is_in_trouble:
                sent += deliver(emails.pop(0), line)
            give_back(emails)
    return sent


def deliver(email: OutboxEmail, line: Line) -> bool:
    """Hand over a claimed mail and record what is known of the outcome; true when it was sent."""
    try:
        line.open()
    except Exception as error:  # noqa: BLE001
        # A wrong password or setting says as little about the mail as a server that is down.
        line.count(is_general=True)
        return _record(mark_retry, email, error)
    try:
        message = line.message_of(email)
        message.message()
    except Exception as error:  # noqa: BLE001
        # Its words hold those of the mail.
        logger.error("mail_not_built", email_id=email.pk, error=type(error).__name__)  # noqa: TRY400
        return _record(mark_failed, email, error)
    return _may_call(email, line, now=timezone.now()) and _call(email, message, line)


def _may_call(email: OutboxEmail, line: Line, *, now: datetime) -> bool:
    """The last look, and the step to `calling` in the same transaction."""
    with all_organizations():
        if not hold(email):
            return False
        try:
            reason = _reason_not_to_send(email, at=now)
        except QuietTimeError as quiet:
            put_off(email, until=quiet.until)
            return False
        if reason and email.doubtful_since is None:
            mark_skipped(email, reason=reason, now=now)
            return False
        if reason:
            # An earlier call may have brought it: nobody can say that it was skipped.
            mark_uncertain(email, error=str(reason), now=now)
            return False
        if not _can_be_told_apart(email, line, now=now):
            mark_uncertain(email, error=FORGOTTEN, now=now)
            return False
        return begin_call(email, now=now, provider=line.provider)


def _reason_not_to_send(email: OutboxEmail, *, at: datetime) -> Contact.Reason | None:
    if email.valid_until and at > email.valid_until:
        return Contact.Reason.LATE
    return reason_not_to_send(email, at=at)


def _can_be_told_apart(email: OutboxEmail, line: Line, *, now: datetime) -> bool:
    """Whether the provider would still know a mail by its key that an earlier call may have brought it."""
    if email.doubtful_since is None:
        return True
    lasts = line.capability.key_lasts
    return bool(lasts and email.provider == line.provider and now + lease() < email.doubtful_since + lasts)


def _call(email: OutboxEmail, message: EmailMessage, line: Line) -> bool:
    try:
        provider_id = line.send(message)
    except Exception as error:  # noqa: BLE001
        # Any backend may be configured, each with errors of its own: what cannot be told is doubtful.
        outcome, can_ask_again = line.outcome_of(error, email), bool(line.capability.key_lasts)
        return _insist(partial(_settle, email, outcome, error, can_ask_again=can_ask_again))
    return _insist(partial(_settle_sent, email, now=timezone.now(), provider_id=provider_id))


def _insist(tell: Callable[[], bool]) -> bool:
    """Nobody else knows what came of a call: a database that is away for a moment must not make a doubt of it."""
    until = time.monotonic() + settings.MAIL_LEASE_SECONDS
    while True:
        try:
            return tell()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(TELL_AGAIN_SECONDS)


def _settle_sent(email: OutboxEmail, *, now: datetime, provider_id: str) -> bool:
    mark_sent(email, now=now, provider_id=provider_id)
    return True


def _settle(email: OutboxEmail, outcome: Outcome, error: Exception, *, can_ask_again: bool) -> bool:
    if outcome.verdict is Verdict.TAKEN:
        mark_sent(email, now=timezone.now())
        return True
    if outcome.verdict is Verdict.LATER:
        return _record(mark_retry, email, error, wait=outcome.wait)
    if outcome.verdict is Verdict.DOUBTFUL and can_ask_again:
        return _record(mark_retry, email, error, is_doubtful=True)
    # A refusal now does not say that an earlier call was in vain.
    is_refused = outcome.verdict is Verdict.REFUSED and email.doubtful_since is None
    return _record(mark_failed if is_refused else mark_uncertain, email, error)


def _record(mark: Callable[..., None], email: OutboxEmail, error: Exception, **facts: object) -> bool:
    logger.warning("mail_not_sent", email_id=email.pk, outcome=mark.__name__, error=type(error).__name__)
    # Errors of mail servers quote addresses; the kind and the code are what helps.
    code = getattr(error, "smtp_code", None) or getattr(error, "status_code", None)
    mark(email, error=f"{type(error).__name__} {code or ''}".strip(), now=timezone.now(), **facts)
    return False
