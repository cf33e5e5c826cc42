"""Errors of the API: RFC 9457 problem+json that also carries `code` and `message`, which SDKs read."""

import logging
import math
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.text import Truncator
from rest_framework import exceptions
from rest_framework.response import Response

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# The connection was lost, refused or ended, or the statement was: all of it can pass by itself.
DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 5
# What was sent comes back in part only: a refusal is no place for a thousand names that nobody knows.
MOST_ERRORS = 20
LONGEST_TEXT = 200
# What the framework says itself tells nobody what to do.
OWN_WORDS: dict[type[exceptions.APIException], tuple[str, str]] = {
    exceptions.NotAuthenticated: (
        "not_authenticated",
        "Send a secret key as Authorization: Bearer sk_…; one is made in the admin under API keys.",
    ),
    exceptions.NotAcceptable: ("not_acceptable", "Answers are JSON: accept application/json."),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", "Send the body as application/json."),
    exceptions.MethodNotAllowed: ("method_not_allowed", "Use one of the methods in Allow."),
    exceptions.Throttled: ("too_many_requests", "Too many requests: wait as many seconds as Retry-After says."),
}


class Problem(exceptions.APIException):
    """An expected failure: `code` for programs, `detail` a sentence that tells what to do."""

    def __init__(self, status: int, code: str, detail: str, **extra: Any) -> None:
        self.status_code = status
        self.extra = extra
        super().__init__(detail, code)


class Unavailable(Problem):
    wait = RETRY_AFTER_SECONDS

    def __init__(self) -> None:
        super().__init__(503, "unavailable", "The database cannot be reached right now: send the request again.")


def problem(status: int, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    return {"type": "about:blank", "title": code, "status": status, "detail": detail} | {
        "code": code,
        "message": detail,
        **extra,
    }


def problem_json(
    status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any
) -> HttpResponse:
    """The answer for views outside of DRF."""
    return JsonResponse(
        problem(status, code, detail, **extra), status=status, content_type=CONTENT_TYPE, headers=headers
    )


def problem_response(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: None lets an unexpected one become a logged 500."""
    if isinstance(exception, Http404):
        exception = Problem(404, "not_found", "There is nothing here that this key may see.")
    elif isinstance(exception, PermissionDenied):
        exception = exceptions.PermissionDenied()
    elif isinstance(exception, DATABASE_UNAVAILABLE):
        logger.error("api.database_unavailable", exc_info=exception)
        exception = Unavailable()
    if not isinstance(exception, exceptions.APIException):
        return None
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    response = Response(_body(exception), status=exception.status_code, content_type=CONTENT_TYPE)
    if header := getattr(exception, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(exception, "wait", None):
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _body(exception: exceptions.APIException) -> dict[str, Any]:
    status = exception.status_code
    if isinstance(exception, exceptions.ValidationError):
        return problem(
            status, "invalid", "Some fields are not valid: see errors.", errors=_shortened(exception.get_full_details())
        )
    if words := OWN_WORDS.get(type(exception)):
        return problem(status, *words)
    code = exception.get_codes()
    return problem(
        status,
        code if isinstance(code, str) else exception.default_code,
        str(exception.detail),
        **getattr(exception, "extra", {}),
    )


def _shortened(details: Any) -> Any:
    if isinstance(details, dict):
        return {_shortened(str(name)): _shortened(each) for name, each in islice(details.items(), MOST_ERRORS)}
    if isinstance(details, list):
        return [_shortened(each) for each in details[:MOST_ERRORS]]
    return Truncator(details).chars(LONGEST_TEXT)
