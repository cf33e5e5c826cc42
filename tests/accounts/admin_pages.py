"""People at the admin."""

from django.test import Client as Browser

from accounts.models import AuditEntry, Membership, Organization
from accounts.tenancy import all_organizations
from tests.factories import MembershipFactory, UserFactory


def browser_of(organization: Organization, role: Membership.Role) -> Browser:
    browser = Browser()
    browser.force_login(MembershipFactory.create(organization=organization, role=role).user)
    return browser


def operators_browser() -> Browser:
    browser = Browser()
    browser.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return browser


def audited(organization: Organization) -> list[tuple[str, dict[str, object]]]:
    with all_organizations():
        entries = AuditEntry.objects.filter(organization=organization).order_by("id")
        return list(entries.values_list("action", "changes"))
