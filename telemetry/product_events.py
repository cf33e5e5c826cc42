"""The product tracks itself: sign-ins and client pages. What a page did is tracked where it is done."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.permissions import SESSION_KEY, client_of, seat_of
from telemetry.tracking import track_event, track_login, track_page_view

ADMIN = "/admin/"
CLIENT_PAGES = "/client/"
# In the session: the organizations that were entered since the sign-in.
ENTERED = "entered_organizations"


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


def track_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receives `user_logged_in`. Clients come to their page, members to the admin, by whichever door.

    Who is both comes to the admin by the admin's door alone. An operator without an organization has no place to
    count it.
    """
    request.session.pop(ENTERED, None)
    client = None if request.path.startswith(ADMIN) else client_of(user)
    if client:
        track_login(client)
        return
    seat = seat_of(user, preferred=request.session.get(SESSION_KEY)) if user.is_staff else None
    if seat:
        _track_entry(request, user, seat.organization_id)


def track_chosen_organization(
    sender: Any, request: HttpRequest, user: User, organization_id: int, **kwargs: Any
) -> None:
    """Receives `organization_chosen`: a sign-in to that organization too, once until the next sign-in."""
    if organization_id not in request.session.get(ENTERED, []):
        _track_entry(request, user, organization_id)


def _track_entry(request: HttpRequest, user: User, organization_id: int) -> None:
    request.session[ENTERED] = [*request.session.get(ENTERED, []), organization_id]
    track_event(None, "dashboard_login", organization=organization_id, data={"user": user.pk})


def _is_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Not a part of a page that htmx asked for, a file, or an error."""
    return (
        request.method == "GET"
        and response.status_code == 200
        and "HX-Request" not in request.headers
        and response.get("Content-Type", "").startswith("text/html")
    )
