"""What could pass row-level security by without touching a policy: views, grants, functions that run as the owner."""

from tests.gates.catalogue import rows

# A view reads as its owner unless it says otherwise; nothing binds what a materialized view or foreign table holds.
READ_AS_ANOTHER = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('v', 'm', 'f') AND NOT (c.relkind = 'v' AND EXISTS (
        SELECT FROM pg_options_to_table(c.reloptions)
        WHERE option_name = 'security_invoker' AND option_value::boolean))
    ORDER BY 1
"""
# By its own name, or as a member of the group that carries what serving roles may do.
WHO = "CASE WHEN pg_has_role(current_user, a.grantee, 'MEMBER') THEN 'serving' ELSE pg_get_userbyid(a.grantee) END"
GRANTS = f"""
    SELECT DISTINCT CASE c.relkind WHEN 'S' THEN 'sequences' ELSE 'tables' END,
           CASE a.grantee WHEN 0 THEN 'everybody' ELSE {WHO} END, a.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
    WHERE n.nspname = 'public' AND a.grantee <> c.relowner
    UNION
    SELECT 'columns', CASE a.grantee WHEN 0 THEN 'everybody' ELSE {WHO} END, a.privilege_type
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
         aclexplode(t.attacl) a
    WHERE n.nspname = 'public'
"""
RUN_AS_OWNER = """
    SELECT p.proname, p.proconfig[1] FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND p.prosecdef ORDER BY 1
"""
ROLE = """
    SELECT r.rolsuper, r.rolbypassrls, has_schema_privilege('public', 'CREATE'),
           EXISTS (SELECT FROM pg_roles other WHERE pg_has_role(r.oid, other.oid, 'MEMBER')
                   AND (other.rolsuper OR other.rolbypassrls OR other.rolname LIKE 'pg\\_%'))
    FROM pg_roles r WHERE r.rolname = current_user
"""
# They take no organization and tell no row: they make, drop and measure months of events.
KNOWN_TO_RUN_AS_OWNER = {
    "telemetry_create_partitions",
    "telemetry_isolate_partition",
    "telemetry_refresh_statistics",
    "telemetry_retire_month",
}


def test_every_view_reads_as_who_asks(db: None) -> None:
    assert rows(READ_AS_ANOTHER) == []


def test_the_serving_role_may_read_and_write_rows_and_nobody_else_may_anything(db: None) -> None:
    """TRUNCATE asks no policy, a foreign key or trigger of one's own tells what is there."""
    of_tables = {("tables", "serving", each) for each in ("SELECT", "INSERT", "UPDATE", "DELETE")}
    assert set(rows(GRANTS)) == of_tables | {("sequences", "serving", each) for each in ("SELECT", "USAGE")}


def test_the_functions_that_run_as_the_owner_are_known(db: None) -> None:
    found = rows(RUN_AS_OWNER)
    assert {name for name, _ in found} == KNOWN_TO_RUN_AS_OWNER
    # Else a table of the caller's could take the place of one that they name.
    assert {path for _, path in found} == {"search_path=public, pg_temp"}


def test_the_serving_role_has_no_way_around(db: None) -> None:
    assert rows(ROLE) == [(False, False, False, False)]
