from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

# Every path in telemetry.urls that a sender uses.
PREFIXES = ("/v1/", "/api/v1/events", "/beacon/v1/", "/sourceConfig")
URLS = "telemetry.urls"


class StraightToTelemetry:
    """Take requests with events past everything that is for people: it stands first of the middleware.

    Sessions, languages, redirects to https and the request log cost more than an event does, would lose the
    body, and would write keys that stand in an address into the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        try:
            view, arguments, named = resolve(request.path_info, URLS)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponse = view(request, *arguments, **named)
        # Django would log each refused request with its path, in which a key may stand.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        response["Content-Length"] = str(len(response.content))
        return response
