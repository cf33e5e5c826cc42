from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.middleware import PREFIXES
from accounts.seats import current_seat


class SeatTimezoneMiddleware:
    """Members read and write times in their organization's timezone, operators in that of the installation."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seat = current_seat(request) if request.path.startswith(PREFIXES) else None
        if seat is None:
            return self.get_response(request)
        with timezone.override(seat.timezone):
            return self.get_response(request)
