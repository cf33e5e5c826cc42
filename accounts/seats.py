"""The organizations that a person may work in."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.http import HttpRequest

from accounts.models import Membership, Organization
from accounts.permissions import Seat
from accounts.tenancy import all_organizations


@dataclass(frozen=True, slots=True)
class NamedSeat:
    organization_id: int
    organization_name: str
    is_simulated: bool
    timezone: tzinfo
    role: str


def seats_of(user: Any) -> list[NamedSeat]:
    """Oldest first, as `seat_of` prefers them."""
    with all_organizations():
        return [
            NamedSeat(
                membership.organization_id,
                membership.organization.name,
                membership.organization.is_simulated,
                membership.organization.timezone,
                membership.get_role_display(),
            )
            for membership in Membership.objects.select_related("organization")
            .filter(user=user, organization__status__in=[Organization.Status.ACTIVE, Organization.Status.PENDING])
            .order_by("id")
        ]


def seats_of_request(request: HttpRequest) -> list[NamedSeat]:
    """Asked for several times on a page, read once."""
    if not hasattr(request, "_seats"):
        request._seats = seats_of(request.user) if request.user.is_authenticated else []  # type: ignore[attr-defined] # noqa: SLF001
    return request._seats  # type: ignore[attr-defined,no-any-return] # noqa: SLF001


def current_seat(request: HttpRequest) -> NamedSeat | None:
    seat: Seat | None = getattr(request, "seat", None)
    if seat is None:
        return None
    return next((named for named in seats_of_request(request) if named.organization_id == seat.organization_id), None)
