"""The ways in over HTTP. They touch PostgreSQL only: no session, cache or broker."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.database_watch import end_after
from accounts.problems import problem_json
from telemetry.gate import RefusedRequestError
from telemetry.origins import preflight, readable_by_origin
from telemetry.receiving import SEGMENT, Route, authenticate, receive
from telemetry.sdk_settings import analytics_js_settings, rudderstack_source_config
from telemetry.write_keys import secret_of

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "5"
View = Callable[..., HttpResponse]


def open_to_pages(*methods: str) -> Callable[[View], View]:
    """Answer web pages and programs alike: CORS, and a problem+json for every expected failure."""
    allowed = ", ".join([*methods, "OPTIONS"])

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
            if request.method == "OPTIONS":
                response = preflight(request, allowed)
            elif request.method not in methods:
                response = problem_json(405, "method_not_allowed", f"Use {methods[0]}.", headers={"Allow": allowed})
            else:
                response = _answer(view, request, arguments)
            return readable_by_origin(request, response)

        return answer

    return decorate


def _answer(view: View, request: HttpRequest, arguments: dict[str, str]) -> HttpResponse:
    try:
        end_after(settings.INGEST_DATABASE_SECONDS)
        return view(request, **arguments)
    except RefusedRequestError as error:
        return problem_json(error.status, error.code, error.message, headers=error.headers)
    except (OperationalError, InterfaceError):
        logger.exception("telemetry.database_unavailable")
        return problem_json(
            503,
            "unavailable",
            "Events cannot be stored right now: send them again.",
            headers={"Retry-After": RETRY_AFTER_SECONDS},
        )


def receiving_view(route: Route) -> View:
    def view(request: HttpRequest) -> HttpResponse:
        return receive(request, route, received_at=datetime.now(UTC))

    return open_to_pages("POST")(view)


@open_to_pages("GET", "HEAD")
def project_settings(request: HttpRequest, key: str) -> HttpResponse:
    """What analytics.js asks for before it sends anything."""
    authenticate(request, key, SEGMENT, as_of=datetime.now(UTC))
    return JsonResponse(analytics_js_settings(key, scheme=request.scheme or "https", host=request.get_host()))


@open_to_pages("GET", "HEAD")
def source_config(request: HttpRequest) -> HttpResponse:
    """What RudderStack's browser SDK asks for before it sends anything."""
    key = authenticate(request, secret_of(request, {}), SEGMENT, as_of=datetime.now(UTC))
    return JsonResponse(rudderstack_source_config(key))
