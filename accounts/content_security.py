"""The Content-Security-Policy of every page: what a browser may load and run there."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

OWN_ONLY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# The admin runs on Alpine, which evaluates expressions; the API's pages start with an inline script.
WITH_INLINE_CODE = OWN_ONLY | {
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "frame-ancestors": "'self'",
}
INLINE_CODE_PREFIXES = ("/admin/", "/api/docs", "/api/redoc")


class ContentSecurityPolicyMiddleware:
    """Answer every page with the strictest policy that it works under."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            looser = request.path.startswith(INLINE_CODE_PREFIXES)
            response.headers.setdefault("Content-Security-Policy", _header(WITH_INLINE_CODE if looser else OWN_ONLY))
        return response


def allow_forms_to(response: HttpResponse, origin: str) -> None:
    """Let the page's forms end, by a redirect, at one origin more: scheme, host and port of it."""
    response.headers["Content-Security-Policy"] = _header(OWN_ONLY | {"form-action": f"'self' {origin}"})


def _header(policy: dict[str, str]) -> str:
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())
