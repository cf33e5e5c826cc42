"""A bulk import tells the planner what it did: on tables thought to be empty it picks indexes at random.

Only the owner of a table may analyze it, so this is a function of the owner. What somebody else analyzes
at the moment is left out.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION telemetry_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    this_month text := 'telemetry_event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    ANALYZE (SKIP_LOCKED) accounts_client, telemetry_dailyactivity, telemetry_clientactivity;
    IF to_regclass(this_month) IS NOT NULL THEN
        EXECUTE format('ANALYZE (SKIP_LOCKED) %I', this_month);
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0005_retire_months")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION telemetry_refresh_statistics()")]
