"""What an address that does not exist, and a failure that nobody expected, look like to programs and to people."""

import sys

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from accounts.problems import problem_json
from accounts.unavailable import FOR_PROGRAMS, is_database_lost, unavailable


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_database_lost(exception):
        # Django calls a session that could not be saved a bad request.
        return unavailable(request)
    if request.path.startswith(FOR_PROGRAMS):
        return problem_json(400, "bad_request", "The request cannot be read: check its host, headers and body.")
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(FOR_PROGRAMS):
        return problem_json(404, "not_found", "There is nothing at this address: see /api/docs/.")
    return defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    if is_database_lost(sys.exception()):
        return unavailable(request)
    if request.path.startswith(FOR_PROGRAMS):
        return problem_json(500, "failed", "Something failed here and was logged: try again later.")
    return defaults.server_error(request)
