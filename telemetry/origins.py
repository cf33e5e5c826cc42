"""Which web pages may send: CORS, decided by the key."""

from django.http import HttpRequest, HttpResponse

MAX_AGE_SECONDS = "7200"


def is_allowed(request: HttpRequest, allowed_origins: list[str]) -> bool:
    """Requests of programs have no origin; a key without a list takes every origin."""
    origin = request.headers.get("Origin")
    return origin is None or not allowed_origins or origin in allowed_origins


def preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """Let the request come: a preflight does not carry the key that decides."""
    response = HttpResponse()
    response["Access-Control-Allow-Methods"] = methods
    if requested := request.headers.get("Access-Control-Request-Headers"):
        response["Access-Control-Allow-Headers"] = requested
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        response["Access-Control-Allow-Private-Network"] = "true"
    response["Access-Control-Max-Age"] = MAX_AGE_SECONDS
    return response


def readable_by_origin(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the page read the answer, errors too: SDKs decide by them whether to send again."""
    if origin := request.headers.get("Origin"):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "Retry-After"
        response["Vary"] = "Origin"
    return response
