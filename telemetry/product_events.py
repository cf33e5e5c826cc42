"""The product tracks itself: sign-ins and client pages. What a page did is tracked where it is done."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.permissions import client_of, seat_of
from telemetry.tracking import track_event, track_login, track_page_view

ADMIN = "/admin/"
CLIENT_PAGES = "/client/"


class ClientPageViews:
    """Each page that a client is shown is a page_view. Stands inside of the tenancy middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(CLIENT_PAGES) and _is_page(request, response):
            track_client_page(request)
        return response


def track_client_page(request: HttpRequest) -> None:
    client = getattr(request, "client", None)
    if client is not None:
        track_page_view(client, path=request.path)


def track_sign_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Receives `user_logged_in`. An operator without an organization has no place to count it."""
    if request is not None and request.path.startswith(ADMIN):
        seat = seat_of(user)
        if seat:
            track_event(None, "dashboard_login", organization=seat.organization_id, data={"user": user.pk})
        return
    client = client_of(user)
    if client:
        track_login(client)


def _is_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Not a part of a page that htmx asked for, a file, or an error."""
    return (
        request.method == "GET"
        and response.status_code == 200
        and "HX-Request" not in request.headers
        and response.get("Content-Type", "").startswith("text/html")
    )
