from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

# Thousands a second: their figures stand in the database, their failures are logged where they happen.
NOT_LOGGED = ("/v1/", "/api/v1/events", "/beacon/", "/healthz", "/readyz", "/static/")


class RequestLog:
    """A line for each request of a person or of the API, with an id that its other lines carry too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.logged = cast("Callable[[HttpRequest], HttpResponse]", RequestMiddleware(get_response))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response if request.path.startswith(NOT_LOGGED) else self.logged
        return answer(request)
