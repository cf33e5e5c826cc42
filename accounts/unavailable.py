"""What a request is answered when the database is not there, or silent."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from accounts.database_watch import Wait
from accounts.problems import DATABASE_UNAVAILABLE, RETRY_AFTER_SECONDS, Unavailable, problem_json

FOR_PROGRAMS = ("/api/", "/v1/", "/beacon/", "/sourceConfig")
FAILED = (400, 500)


class DatabaseWatch:
    """Watch each request's connection. Stands before all that asks the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with Wait() as wait:
            response = self.get_response(request)
        if wait.is_over and response.status_code in FAILED:
            # A page for developers, or what a session that could not be saved is called.
            return unavailable(request)
        return response


def unavailable(request: HttpRequest) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if request.path.startswith(FOR_PROGRAMS):
        return problem_json(503, "unavailable", str(Unavailable().detail), headers=headers)
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


def is_database_lost(error: BaseException | None) -> bool:
    """Whether a lost connection is at the bottom of it: on the way up it gets other names."""
    while error is not None:
        if isinstance(error, DATABASE_UNAVAILABLE):
            return True
        error = error.__cause__ or error.__context__
    return False
