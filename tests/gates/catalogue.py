"""What the database's own catalogue says of the tables."""

from dataclasses import dataclass

from django.db import connection

TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
           c.relname = 'accounts_organization'
           OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
    ORDER BY c.relname
"""
POLICIES = """
    SELECT c.relname, p.polname, p.polpermissive, p.polcmd = '*', p.polroles = '{0}',
           pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid ORDER BY c.relname, p.polname
"""
FOREIGN_KEYS = """
    SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,
           (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
             WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE k.contype = 'f' AND n.nspname = 'public' AND k.conparentid = 0
"""
UNIQUE_INDEXES = """
    SELECT t.relname, i.relname,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = x.indkey[0])
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE x.indisunique AND n.nspname = 'public' AND NOT t.relispartition
      AND NOT (x.indisprimary AND x.indnatts = 1)
    ORDER BY t.relname, i.relname
"""


@dataclass(frozen=True)
class Table:
    name: str
    is_secured: bool
    is_forced: bool
    is_partition: bool
    is_tenant: bool


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def tables() -> list[Table]:
    return [Table(*row) for row in rows(TABLES)]  # type: ignore[arg-type]


def tenant_tables() -> list[str]:
    return [table.name for table in tables() if table.is_tenant]
