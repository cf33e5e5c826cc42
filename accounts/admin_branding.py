"""What the frame of every admin page shows about where one is."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.seats import current_seat, seats_of_request


def place(request: HttpRequest) -> str:
    """The organization that a member works in, under the product's name."""
    if getattr(request.user, "is_superuser", False):
        return _("All organizations")
    seat = current_seat(request)
    return seat.organization_name if seat else ""


def favicon(request: HttpRequest) -> str:
    return static("client/favicon.svg")


def environment(request: HttpRequest) -> list[str] | None:
    name = settings.ENVIRONMENT_NAME
    return [name, "info"] if name else None


def frame(request: HttpRequest) -> dict[str, Any]:
    """Of the frame's context: whether made-up data may be on the page."""
    if getattr(request.user, "is_superuser", False):
        return {"shows_simulated_data": Organization.objects.filter(is_simulated=True).exists()}
    seat = current_seat(request)
    return {"shows_simulated_data": bool(seat and seat.is_simulated)}


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    links = [{"title": _("Change password"), "link": reverse("admin:password_change")}]
    if len(seats_of_request(request)) > 1:
        links.insert(0, {"title": _("Change organization"), "link": reverse("admin:choose_organization")})
    return links
