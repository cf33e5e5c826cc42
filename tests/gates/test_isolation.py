"""Row-level security of every table, found by the catalogue: a new table that forgets it fails here."""

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from tests.gates.catalogue import POLICIES, rows, tables, tenant_tables
from tests.gates.rows import make_rows

# Tables of the installation, not of a tenant. A new one must be put here, or get an organization and IsolateTable.
GLOBAL = {
    "accounts_user",
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_admin_log",
    "django_celery_beat_clockedschedule",
    "django_celery_beat_crontabschedule",
    "django_celery_beat_intervalschedule",
    "django_celery_beat_periodictask",
    "django_celery_beat_periodictasks",
    "django_celery_beat_solarschedule",
    "django_content_type",
    "django_migrations",
    "django_session",
    "health_operatoralert",
    "jobs_watermark",
}
# Rows without an organization that every tenant may read: the platform's defaults.
SHARED = {"emails_contactpolicy", "health_healthpolicy", "success_milestonedefinition", "success_scoringpolicy"}

VISIBLE = (
    "(({column} = ( SELECT (NULLIF(current_setting('mainstay.organization'::text, true), ''::text))::bigint AS"
    " \"nullif\")) OR ( SELECT (current_setting('mainstay.scope'::text, true) = 'all'::text)))"
)


def normal(expression: object) -> str:
    return " ".join(str(expression).split())


def test_every_table_is_a_tenants_or_known_as_global(db: None) -> None:
    assert {table.name for table in tables() if not table.is_tenant} == GLOBAL


def test_row_level_security_is_enabled_and_forced_on_every_tenant_table(db: None) -> None:
    assert [table.name for table in tables() if table.is_tenant and not (table.is_secured and table.is_forced)] == []


def test_every_tenant_table_has_the_policy_and_no_other(db: None) -> None:
    column = {"accounts_organization": "id"}
    expected = []
    for table in tenant_tables():
        visible = VISIBLE.format(column=column.get(table, "organization_id"))
        expected.append((table, "own_organization", True, True, True, visible, visible))
        if table in SHARED:
            expected.append((table, "shared_rows", True, False, True, "(organization_id IS NULL)", "None"))
    found = [(*row[:5], normal(row[5]), normal(row[6])) for row in rows(POLICIES)]
    assert found == sorted(expected)


def test_partitions_are_among_the_tenant_tables(db: None) -> None:
    assert [table.name for table in tables() if table.is_partition and not table.is_tenant] == []
    assert len([table for table in tables() if table.is_partition]) >= 5


def test_without_a_scope_every_tenant_table_yields_no_rows(organization: Organization, outsider: Organization) -> None:
    make_rows(organization)
    make_rows(outsider)
    shared = " WHERE organization_id IS NOT NULL"
    with connection.cursor() as cursor:
        counts = {}
        for table in tenant_tables():
            cursor.execute(f"SELECT count(*) FROM {table}{shared if table in SHARED else ''}")
            counts[table] = cursor.fetchone()[0]
    assert counts == dict.fromkeys(tenant_tables(), 0)


def test_the_rows_are_really_there(organization: Organization) -> None:
    make_rows(organization)
    empty = set()
    with all_organizations(), connection.cursor() as cursor:
        for table in tenant_tables():
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            empty |= set() if cursor.fetchone()[0] else {table}
    assert {table for table in empty if not table.startswith("telemetry_event_")} == set()


@pytest.mark.parametrize("scoped", [False, True], ids=["without a scope", "in another organization's scope"])
def test_every_tenant_table_refuses_a_row(organization: Organization, outsider: Organization, scoped: bool) -> None:
    accepted = []
    for table in tenant_tables():
        column = "id" if table == "accounts_organization" else "organization_id"
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                insert = f"INSERT INTO {table} ({column}) VALUES (%s)"
                if scoped:
                    with organization_scope(outsider.pk):
                        cursor.execute(insert, [organization.pk])
                else:
                    cursor.execute(insert, [organization.pk])
            accepted.append(table)
        except ProgrammingError as error:
            if "row-level security" not in str(error):
                accepted.append(f"{table}: {error}")
    assert accepted == []
