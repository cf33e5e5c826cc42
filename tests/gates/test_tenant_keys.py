"""Keys that keep tenants apart: a row cannot point at another tenant's, and no conflict tells that it exists."""

from django.apps import apps
from django.db import models

from tests.gates.catalogue import FOREIGN_KEYS, UNIQUE_INDEXES, rows, tenant_tables

# Relations between tenant tables that no composite key guards, each with its reason.
UNGUARDED = {
    ("success_score", "policy_id"): "the platform's default policy has no organization",
    ("success_milestone", "definition_id"): "the platform's definitions have no organization",
    ("jobs_jobunit", "run_id"): "a run of all organizations has none",
}
# Unique indexes that do not begin with the organization, each with its reason.
ACROSS_TENANTS = {
    ("accounts_apikey", "digest"): "a key is looked up before its organization is known; it cannot be guessed",
    ("accounts_invitation", "digest"): "an invitation is looked up by its link alone; it cannot be guessed",
    ("accounts_client", "user_id"): "a login is one person's; users are global",
    ("jobs_jobunit", "run_id"): "the ledger looks units up by their run, whose id tells nothing",
    ("accounts_organization", "slug"): "the installation names its organizations",
}


def is_tenant(model: type[models.Model]) -> bool:
    return any(field.name == "organization" for field in model._meta.fields)


def relations() -> set[tuple[str, str]]:
    """Foreign keys of the models from one tenant table to another."""
    return {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        if is_tenant(model)
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and is_tenant(field.related_model)
    }


def test_every_relation_between_tenant_tables_has_a_composite_key(db: None) -> None:
    tenants = set(tenant_tables())
    guarded = {
        (table, column)
        for table, target, columns in rows(FOREIGN_KEYS)
        if table in tenants and target in tenants and "organization_id" in columns  # type: ignore[operator]
        for column in columns  # type: ignore[attr-defined]
        if column != "organization_id"
    }
    assert relations() - guarded == set(UNGUARDED)


def test_every_unique_index_of_a_tenant_table_begins_with_the_organization(db: None) -> None:
    tenants = set(tenant_tables())
    others = {
        (table, column) for table, _, column in rows(UNIQUE_INDEXES) if table in tenants and column != "organization_id"
    }
    assert others == set(ACROSS_TENANTS)
