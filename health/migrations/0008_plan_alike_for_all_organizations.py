"""The planner is not told whose rows a table holds, so that it plans alike for each organization.

An organization that is new since the statistics were taken would be expected to have one row in each table: of such
rows everything is compared with everything. Without statistics of this column any organization is expected to have a
200th part. See docs/decisions/0061-plan-alike-for-all-organizations.md.
"""

from django.db import migrations

# What was known is forgotten where PostgreSQL can (from 18 on). Before that it would stay as it is and grow old, so
# there tables that were analyzed already are left alone.
FORGET = """
DO $$
DECLARE
    of_tenants record;
    can_forget boolean := to_regprocedure('pg_clear_attribute_stats(text, text, text, boolean)') IS NOT NULL;
BEGIN
    FOR of_tenants IN
        SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
           AND a.attname = 'organization_id' AND NOT a.attisdropped AND (can_forget OR c.reltuples <= 0)
         ORDER BY c.oid
    LOOP
        EXECUTE format('ALTER TABLE ONLY %I ALTER COLUMN organization_id SET STATISTICS 0', of_tenants.name);
        IF can_forget THEN
            PERFORM pg_clear_attribute_stats(current_schema(), of_tenants.name, 'organization_id', of_parts)
               FROM unnest(ARRAY[false, true]) AS of_parts;
        END IF;
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0007_tell_of_mail"),
        ("accounts", "0008_addresses_for_answers"),
        ("emails", "0012_name_changed_addresses"),
        ("jobs", "0003_watermark_and_row_lock"),
        ("success", "0010_index_stalled_tasks_and_answers"),
        ("telemetry", "0008_plan_alike_in_each_month"),
    ]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
