"""One installation that grows: an organization with half of all clients, and ten that share the other half."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection
from django.utils import timezone

from accounts.models import Client, Membership, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from benchmarks.event_population import add_clients, vacuum
from emails.models import ContactPolicy
from proofs.size.figures import Figures, timed

LARGE = "large"
SMALL = tuple(f"small-{number}" for number in range(1, 11))


def grow(clients: int) -> Figures:
    """Fill the installation up to so many clients in all, with ten events each."""
    until = timezone.now()
    shares = [(LARGE, clients // 2), *((slug, clients // 2 // len(SMALL)) for slug in SMALL)]
    # One thread has the large one, the other all the others.
    with timed() as filling, ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda part: _fill(part, until), (shares[:1], shares[1:])))
    with timed() as vacuuming:
        vacuum()
    return {"filling the database, s": filling.seconds, "vacuum and statistics, s": vacuuming.seconds}


def _fill(shares: Sequence[tuple[str, int]], until: datetime) -> None:
    try:
        for slug, clients in shares:
            organization = _organization(slug)
            with organization_scope(organization.pk):
                there = Client.objects.filter(organization=organization).count()
            add_clients(organization, first=there + 1, last=clients, until=until)
    finally:
        connection.close()


def _organization(slug: str) -> Organization:
    with all_organizations():
        found = Organization.objects.filter(slug=slug).first()
        return found or create_organization(slug)


def create_organization(slug: str) -> Organization:
    """With an owner who hears of alerts, and mail that may go at any hour."""
    organization = Organization.objects.create(
        name=slug, slug=slug, status=Organization.Status.ACTIVE, timezone="Europe/Berlin"
    )
    owner = User.objects.create_user(f"owner-{slug}", email=f"owner@{slug}.example", is_staff=True)
    Membership.objects.create(organization=organization, user=owner, role=Membership.Role.OWNER)
    ContactPolicy.objects.create(
        organization=organization, version=1, send_from_hour=0, send_until_hour=24, business_days_only=False
    )
    return organization
