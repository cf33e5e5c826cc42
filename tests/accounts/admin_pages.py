"""People at the admin."""

from django.test import Client as Browser

from accounts.models import AuditEntry, Membership, Organization
from accounts.tenancy import all_organizations
from tests.factories import MembershipFactory, UserFactory
from tests.sessions import sign_in


def browser_of(organization: Organization, role: Membership.Role) -> Browser:
    return sign_in(Browser(), MembershipFactory.create(organization=organization, role=role).user)


def operators_browser() -> Browser:
    return sign_in(Browser(), UserFactory.create(is_staff=True, is_superuser=True))


def audited(organization: Organization) -> list[tuple[str, dict[str, object]]]:
    with all_organizations():
        entries = AuditEntry.objects.filter(organization=organization).order_by("id")
        return list(entries.values_list("action", "changes"))
