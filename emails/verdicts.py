"""What an error says about a mail: whether it was surely not taken, and whether to try again."""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from emails.capabilities import Capability

CONFLICT = 409
TOO_MANY_REQUESTS = 429
# Amazon says so with a status of 400.
THROTTLED = frozenset({"TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException"})
# The key, the account or the address of the API is wrong: of no mail's making, and mended by the operator.
MISCONFIGURED = frozenset({401, 403, 404, 405})
LONGEST_WAIT = timedelta(hours=1)
# A first call with the same key is still under way.
UNDER_WAY = "concurrent_idempotent_requests"


class Verdict(Enum):
    LATER = auto()  # surely not taken, and that may pass
    REFUSED = auto()  # surely not taken, and that will not pass
    DOUBTFUL = auto()  # it may have been taken
    TAKEN = auto()  # it was taken at an earlier call


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wait`: not to be tried again before. `is_general`: the next mail would fare the same."""

    verdict: Verdict
    wait: timedelta = timedelta()
    is_general: bool = False


DOUBTFUL = Outcome(Verdict.DOUBTFUL, is_general=True)
REFUSED = Outcome(Verdict.REFUSED)
NOT_NOW = Outcome(Verdict.LATER, is_general=True)


def outcome_of(error: Exception, *, capability: Capability, has_left: bool, is_in_doubt: bool) -> Outcome:
    """`has_left`: the whole of it may have been sent. `is_in_doubt`: so may it have been at an earlier call."""
    if isinstance(error, AnymailError):
        return _of_provider(error, capability=capability, is_in_doubt=is_in_doubt)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _of_code(max(code for code, _ in error.recipients.values()), has_left=has_left)
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_code(error.smtp_code, has_left=has_left)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return REFUSED
    return DOUBTFUL if has_left else NOT_NOW


def _of_code(code: int, *, has_left: bool) -> Outcome:
    """SMTP: 4yz may pass, 5yz will not, and anything else is no answer at all."""
    if 400 <= code < 500:
        return Outcome(Verdict.LATER)
    if 500 <= code < 600:
        return REFUSED
    return DOUBTFUL if has_left else NOT_NOW


def _of_provider(error: AnymailError, *, capability: Capability, is_in_doubt: bool) -> Outcome:
    status, body = _answer_of(error)
    if isinstance(error, requests.ConnectionError) and _never_connected(error):
        return NOT_NOW
    if status is None:
        # Without an answer it was refused before the call, by anymail itself, or the answer was lost.
        return DOUBTFUL if isinstance(error, AnymailAPIError) else REFUSED
    if is_in_doubt and capability.has_it_already(body):
        return Outcome(Verdict.TAKEN)
    if status == TOO_MANY_REQUESTS or body.get("Code") in THROTTLED:
        return Outcome(Verdict.LATER, wait=_asked_wait(error), is_general=True)
    return _of_status(status, body)


def _of_status(status: int, body: Mapping[str, Any]) -> Outcome:
    if status in MISCONFIGURED:
        return NOT_NOW
    if status == CONFLICT:
        return Outcome(Verdict.LATER) if body.get("name") == UNDER_WAY else DOUBTFUL
    return REFUSED if 400 <= status < 500 else DOUBTFUL


def _never_connected(error: requests.ConnectionError) -> bool:
    cause: Any = error.__cause__ or error
    reason = getattr(cause.args[0] if cause.args else None, "reason", None)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _answer_of(error: AnymailError) -> tuple[int | None, Mapping[str, Any]]:
    """The answer's status, if there was one, and its body; Amazon's client gives both parsed already."""
    answer = error.response
    if isinstance(answer, dict):
        return answer.get("ResponseMetadata", {}).get("HTTPStatusCode"), answer.get("Error", {})
    try:
        body = answer.json()
    except (AttributeError, ValueError):
        body = None
    return error.status_code, body if isinstance(body, dict) else {}


def _asked_wait(error: AnymailError) -> timedelta:
    """Retry-After in seconds; a date there is no reason to wait longer than by itself."""
    text = getattr(error.response, "headers", {}).get("Retry-After", "")
    return min(timedelta(seconds=int(text)), LONGEST_WAIT) if text.isdecimal() and len(text) < 9 else timedelta()
