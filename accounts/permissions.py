"""Who a request is from, and what of which organization they may see."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Client, Membership, Organization, User
from accounts.tenancy import NarrowScope, all_organizations, no_organization, organization_scope

SESSION_KEY = "organization_id"


@dataclass(frozen=True)
class Seat:
    """A member's place: `role` in `organization_id`."""

    organization_id: int
    role: Membership.Role


def scope_for(request: HttpRequest) -> AbstractContextManager[None]:
    """The scope of the person: everything for an operator, one organization for members and clients, else nothing."""
    user = request.user
    request.seat = None  # type: ignore[attr-defined]
    request.client = None  # type: ignore[attr-defined]
    if isinstance(user, AnonymousUser) or not user.is_active:
        return no_organization()
    if request.path.startswith("/client/"):
        return _scope_of_client(request, user)
    if user.is_superuser:
        return all_organizations()
    seat = seat_of(user, preferred=request.session.get(SESSION_KEY))
    request.seat = seat  # type: ignore[attr-defined]
    return organization_scope(seat.organization_id) if seat else no_organization()


def seat_of(user: User, *, preferred: int | None = None) -> Seat | None:
    """The member's seat in an organization that is open: the preferred one, else the oldest."""
    with all_organizations():
        seats = [
            Seat(organization_id, Membership.Role(role))
            for organization_id, role in Membership.objects.filter(
                user=user, organization__status__in=[Organization.Status.ACTIVE, Organization.Status.PENDING]
            )
            .order_by("id")
            .values_list("organization_id", "role")
        ]
    return next((seat for seat in seats if seat.organization_id == preferred), seats[0] if seats else None)


def client_of(user: User) -> Client | None:
    """The client whose login this is, while the client and its organization are open."""
    with all_organizations():
        return _clients_of(user).first()


@contextmanager
def _scope_of_client(request: HttpRequest, user: User) -> Iterator[None]:
    """As `client_of`, and on in the same transaction with the client's organization alone: a statement less."""
    with all_organizations():
        client = _clients_of(user).annotate(scope=NarrowScope("organization_id")).first()
        request.client = client  # type: ignore[attr-defined]
        if client:
            yield
            return
        with no_organization():
            yield


def _clients_of(user: User) -> QuerySet[Client]:
    """One at most: a login is of one client."""
    return (
        Client.objects.select_related("organization")
        .filter(user=user, organization__status=Organization.Status.ACTIVE)
        .exclude(status=Client.Status.ARCHIVED)
    )
