"""The database's side of isolation undone in turn, table by table: each time a gate of the tests notices.

Imported with Django set up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connections

from accounts.tenancy import ROW_IS_VISIBLE
from tests.gates import test_isolation, test_privileges
from tests.gates.catalogue import tenant_tables

GATES: tuple[Callable[[None], None], ...] = (
    test_isolation.test_every_table_is_a_tenants_or_known_as_global,
    test_isolation.test_row_level_security_is_enabled_and_forced_on_every_tenant_table,
    test_isolation.test_every_tenant_table_has_the_policy_and_no_other,
    test_isolation.test_partitions_are_among_the_tenant_tables,
    test_privileges.test_every_view_reads_as_who_asks,
    test_privileges.test_the_serving_role_may_read_and_write_rows_and_nobody_else_may_anything,
    test_privileges.test_the_functions_that_run_as_the_owner_are_known,
    test_privileges.test_the_serving_role_has_no_way_around,
)


@dataclass(frozen=True)
class Damage:
    """`undo` makes it as it was."""

    name: str
    do: str
    undo: str


POLICY = "CREATE POLICY own_organization ON {table} USING {visible} WITH CHECK {visible}"
TABLE = "CREATE TABLE forgotten (id bigint, {column} bigint)"
ELSEWHERE = (
    Damage("a tenant's table without a policy", TABLE.format(column="organization_id"), "DROP TABLE forgotten"),
    Damage("a table that nobody placed", TABLE.format(column="amount"), "DROP TABLE forgotten"),
    Damage(
        "a partition of events made by hand",
        "CREATE TABLE telemetry_event_p200001 PARTITION OF telemetry_event"
        " FOR VALUES FROM ('2000-01-01') TO ('2000-02-01')",
        "DROP TABLE telemetry_event_p200001",
    ),
    Damage(
        "a view that reads as its owner",
        "CREATE VIEW forgotten AS SELECT * FROM accounts_client",
        "DROP VIEW forgotten",
    ),
    Damage(
        "a view that says so",
        "CREATE VIEW forgotten WITH (security_invoker = off) AS SELECT * FROM accounts_client",
        "DROP VIEW forgotten",
    ),
    Damage(
        "a materialized view",
        "CREATE MATERIALIZED VIEW forgotten AS SELECT * FROM accounts_client",
        "DROP MATERIALIZED VIEW forgotten",
    ),
    Damage(
        "TRUNCATE for the serving role",
        "GRANT TRUNCATE ON accounts_client TO mainstay_serving",
        "REVOKE TRUNCATE ON accounts_client FROM mainstay_serving",
    ),
    Damage(
        "REFERENCES for the serving role",
        "GRANT REFERENCES ON accounts_client TO mainstay_serving",
        "REVOKE REFERENCES ON accounts_client FROM mainstay_serving",
    ),
    Damage(
        "a table for everybody",
        "GRANT SELECT ON accounts_client TO PUBLIC",
        "REVOKE SELECT ON accounts_client FROM PUBLIC",
    ),
    Damage(
        "a column for everybody",
        "GRANT SELECT (email) ON accounts_client TO PUBLIC",
        "REVOKE SELECT (email) ON accounts_client FROM PUBLIC",
    ),
    Damage(
        "a function that runs as the owner",
        "CREATE FUNCTION forgotten() RETURNS bigint LANGUAGE sql"
        " SECURITY DEFINER AS 'SELECT count(*) FROM accounts_client'",
        "DROP FUNCTION forgotten()",
    ),
)


def work(one_of: int = 1) -> bool:
    """Print the figures; True when everything was noticed, and nothing before it was done.

    With `one_of` more than one a sample of the tables' damages, every so manieth, and all others.
    """
    at_rest = noticed()
    damages = [*list(of_tables())[::one_of], *ELSEWHERE]
    missed = []
    for damage in damages:
        with connections["owner"].cursor() as owner:
            owner.execute(damage.do)
            if not noticed():
                missed.append(damage.name)
            owner.execute(damage.undo)
    left = noticed()
    print(
        f"isolation: {len(damages)} ways to undo it in the database, of {len(tenant_tables())} tables and partitions: "
        f"{len(damages) - len(missed)} noticed by {len(GATES)} gates; before and after: {at_rest + left}"
    )
    for name in missed:
        print(f"isolation: NOT NOTICED: {name}")
    return not missed and not at_rest and not left


def of_tables() -> Iterator[Damage]:
    for table in tenant_tables():
        column = "id" if table == "accounts_organization" else "organization_id"
        policy = POLICY.format(table=table, visible=visible(column))
        drop = f"DROP POLICY own_organization ON {table}"
        yield Damage(f"{table} without its policy", drop, policy)
        yield Damage(
            f"{table} with a policy that lets everything through",
            f"CREATE POLICY wide ON {table} USING (true)",
            f"DROP POLICY wide ON {table}",
        )
        for what in ("ENABLE", "FORCE"):
            done = {"ENABLE": "DISABLE", "FORCE": "NO FORCE"}[what]
            alter = f"ALTER TABLE {table} {{}} ROW LEVEL SECURITY"
            yield Damage(f"{table}, security {done}", alter.format(done), alter.format(what))
        yield Damage(
            f"{table} readable by what is written",
            f"{drop}; CREATE POLICY own_organization ON {table} USING (true) WITH CHECK {visible(column)}",
            f"{drop}; {policy}",
        )


def visible(column: str) -> str:
    return ROW_IS_VISIBLE.format(column=column)


def noticed() -> list[str]:
    """The gates that fail now."""
    failed = []
    for gate in GATES:
        try:
            gate(None)
        except AssertionError:
            failed.append(gate.__name__)
    return failed
