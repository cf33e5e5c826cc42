"""No plan rests on whether the statistics know an organization already."""

from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from tests.gates.catalogue import rows

TOLD = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND a.attname = 'organization_id' AND a.attstattarget IS DISTINCT FROM 0
"""


def clients_expected(organization: Organization) -> int:
    asked = "EXPLAIN (FORMAT json) SELECT FROM accounts_client WHERE organization_id = %s"
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(asked, [organization.pk])
        [[[told]]] = cursor.fetchall()
    return int(told["Plan"]["Plan Rows"])


def test_the_planner_is_not_told_whose_rows_a_table_holds(db: None) -> None:
    assert rows(TOLD) == []


def test_a_new_month_does_not_tell_either(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT telemetry_create_partitions('2031-02-01', 1)")
    assert rows(TOLD) == []


def test_an_organization_that_is_new_to_the_statistics_is_expected_to_be_as_large_as_any(
    organization: Organization, outsider: Organization
) -> None:
    def add(organization: Organization, number: int) -> None:
        with all_organizations():
            Client.objects.bulk_create(Client(organization=organization, external_id=str(n)) for n in range(number))

    add(organization, 3_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT telemetry_refresh_statistics()")
    add(outsider, 1_000)
    assert clients_expected(organization) == clients_expected(outsider) > 5
