import pytest
from django.db import ProgrammingError, connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, no_organization, organization_scope
from tests.factories import ClientFactory


def visible() -> list[str]:
    return sorted(Client.objects.values_list("organization__slug", flat=True))


@pytest.fixture(autouse=True)
def _two_clients(client_of_acme: Client, outsider: Organization) -> None:
    pass


def test_without_a_scope_there_are_no_rows() -> None:
    assert visible() == []


def test_a_scope_shows_its_own_rows_only(organization: Organization) -> None:
    with organization_scope(organization.pk):
        assert visible() == ["acme"]


def test_all_organizations_shows_every_row() -> None:
    with all_organizations():
        assert visible() == ["acme", "outsider"]


def test_the_outer_scope_is_restored(organization: Organization, outsider: Organization) -> None:
    with organization_scope(organization.pk):
        with organization_scope(outsider.pk):
            assert visible() == ["outsider"]
        with no_organization():
            assert visible() == []
        assert visible() == ["acme"]
    assert visible() == []


def test_the_outer_scope_is_restored_after_an_error(organization: Organization, outsider: Organization) -> None:
    with organization_scope(organization.pk):
        with pytest.raises(ProgrammingError), organization_scope(outsider.pk), connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")
        assert visible() == ["acme"]


def test_writing_into_another_organization_is_refused(organization: Organization, outsider: Organization) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), organization_scope(organization.pk):
        Client.objects.create(organization=outsider, external_id="smuggled")


def test_a_row_cannot_point_at_another_organizations_client(organization: Organization) -> None:
    foreign = ClientFactory.create()
    with pytest.raises(Exception, match="same_tenant"), all_organizations():
        Client.objects.create(organization=organization, external_id="merged", merged_into=foreign)
