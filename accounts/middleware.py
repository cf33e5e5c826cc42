from collections.abc import Callable

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from accounts.permissions import scope_for

# Signed-in people work on these; everything else sets its own scope from its own key.
PREFIXES = ("/admin/", "/client/")


class TenancyMiddleware:
    """Run a signed-in person's request as one transaction in the scope of what they may see."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIXES):
            return self.get_response(request)
        with scope_for(request):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # The exception becomes a response inside of the scope, which would then commit half a request.
        if connection.in_atomic_block and request.path.startswith(PREFIXES):
            transaction.set_rollback(True)
