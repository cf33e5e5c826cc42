"""A new month does not take over from its parent that the planner is not told whose rows it holds."""

from django.db import migrations

from accounts.tenancy import ROW_IS_VISIBLE

VISIBLE = ROW_IS_VISIBLE.format(column="organization_id")
BEGINNING = """
CREATE OR REPLACE FUNCTION telemetry_isolate_partition(partition_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
"""
ISOLATE = f"""
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition_name);
    EXECUTE format($policy$CREATE POLICY own_organization ON %I USING {VISIBLE} WITH CHECK {VISIBLE}$policy$,
                   partition_name);
END $$
"""
PLAN_ALIKE = """
    EXECUTE format('ALTER TABLE %I ALTER COLUMN organization_id SET STATISTICS 0', partition_name);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0007_months_give_way")]

    operations = [migrations.RunSQL(f"{BEGINNING}{PLAN_ALIKE}{ISOLATE}", f"{BEGINNING}{ISOLATE}")]
