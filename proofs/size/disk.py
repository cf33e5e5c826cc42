"""What the rows take on disk: by table with all of its partitions, and by what of a table is indexes."""

from django.db import connection

from accounts.tenancy import all_organizations
from proofs.size.figures import Figures

# Of partitions the sum, under the name of their parent.
TABLES = """
    SELECT coalesce(parent.relname, leaf.relname), sum(pg_total_relation_size(leaf.oid))::bigint,
        sum(pg_indexes_size(leaf.oid))::bigint
    FROM pg_class AS leaf
    LEFT JOIN pg_inherits AS inherits ON inherits.inhrelid = leaf.oid
    LEFT JOIN pg_class AS parent ON parent.oid = inherits.inhparent
    WHERE leaf.relnamespace = 'public'::regnamespace AND leaf.relkind = 'r'
    GROUP BY 1 ORDER BY 2 DESC
"""
EVENTS = "SELECT count(*) FROM telemetry_event"
MOST = 10


def disk() -> Figures:
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(EVENTS)
        events = int(cursor.fetchone()[0])
        cursor.execute(TABLES)
        tables = {str(name): (int(total), int(indexes)) for name, total, indexes in cursor.fetchall()}
    total, indexes = tables["telemetry_event"]
    whole = sum(total for total, _indexes in tables.values())
    return {
        "events": events,
        "bytes an event": total / events,
        "of them indexes": indexes / events,
        "bytes an event with all that comes of it": whole / events,
        "database, MB": whole / 1e6,
        **{f"{name}, MB": size / 1e6 for name, (size, _indexes) in list(tables.items())[:MOST]},
    }
