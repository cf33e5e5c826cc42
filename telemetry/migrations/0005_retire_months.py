"""Months of events can be dropped only together with folding them into retired activity.

`telemetry_drop_partition` could drop what was never folded; `telemetry_retire_month` takes its place. New
partitions are made beside the table and attached, which leaves recording alone, and take in what waited
for them in the default partition.
"""

from importlib import import_module

from django.db import migrations

before = import_module("telemetry.migrations.0003_event_partitions")

COUNTERS = (
    "login",
    "page_view",
    "task_completed",
    "content_generated",
    "visual_created",
    "voice_interaction",
    "insight_reviewed",
    "export_downloaded",
    "settings_updated",
    "feedback_given",
)
SUMMED = ("total", *COUNTERS, "unmapped", "launch_kit_views", "duration_seconds")
COLUMNS = ", ".join(("organization_id", "client_id", "day", *SUMMED, "first_at", "last_at"))
COUNTED = ", ".join(f"count(*) FILTER (WHERE e.base_type = '{name}')" for name in COUNTERS)
ADDED = ", ".join(f"{name} = known.{name} + excluded.{name}" for name in SUMMED)

FORMER_FUNCTIONS = """
DROP FUNCTION telemetry_drop_partition(date);
DROP FUNCTION telemetry_create_partitions(date, integer)
"""
DROP_FUNCTIONS = """
DROP FUNCTION telemetry_retire_month(date);
DROP FUNCTION telemetry_create_partitions(date, integer);
DROP FUNCTION telemetry_isolate_partition(text)
"""

# A queue behind a lock on the whole table would stop recording: rather give up and be tried again.
FUNCTIONS = f"""
CREATE FUNCTION telemetry_create_partitions(first_month date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    outer_scope text := coalesce(current_setting('mainstay.scope', true), '');
    month date;
    next_month date;
    partition_name text;
    created integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('telemetry_create_partitions'));
    PERFORM set_config('mainstay.scope', 'all', true);
    FOR i IN 0 .. months - 1 LOOP
        month := (date_trunc('month', first_month) + make_interval(months => i))::date;
        next_month := (month + interval '1 month')::date;
        partition_name := 'telemetry_event_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(partition_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE telemetry_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       partition_name);
        PERFORM telemetry_isolate_partition(partition_name);
        LOCK TABLE telemetry_event_other IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('WITH moved AS (DELETE FROM telemetry_event_other WHERE received_month = %L RETURNING *)'
                       ' INSERT INTO %I SELECT * FROM moved', month, partition_name);
        EXECUTE format('ALTER TABLE telemetry_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition_name, month, next_month);
        created := created + 1;
    END LOOP;
    PERFORM set_config('mainstay.scope', outer_scope, true);
    RETURN created;
END $$;

CREATE FUNCTION telemetry_retire_month(month date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
    outer_scope text := coalesce(current_setting('mainstay.scope', true), '');
    retired date := date_trunc('month', month)::date;
    partition_name text := 'telemetry_event_' || to_char(month, 'YYYY_MM');
    organization bigint := 0;
    events bigint;
BEGIN
    IF retired >= date_trunc('month', now() AT TIME ZONE 'UTC') THEN
        RAISE EXCEPTION 'The month % is not over', retired USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM set_config('mainstay.scope', 'all', true);
    IF EXISTS (SELECT FROM telemetry_event_other WHERE received_month = retired) THEN
        PERFORM telemetry_create_partitions(retired, 1);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('telemetry_create_partitions'));
    IF to_regclass(partition_name) IS NULL THEN
        PERFORM set_config('mainstay.scope', outer_scope, true);
        RETURN 0;
    END IF;
    -- Recording goes on beside this. What re-derives stored events of these organizations does not.
    LOOP
        EXECUTE format('SELECT min(organization_id) FROM %I WHERE organization_id > $1', partition_name)
           INTO organization USING organization;
        EXIT WHEN organization IS NULL;
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('telemetry.activity.' || organization, 0));
    END LOOP;
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', partition_name);
    EXECUTE format($fold$
        INSERT INTO telemetry_retiredactivity AS known ({COLUMNS})
        SELECT e.organization_id, e.client_id, (e.occurred_at AT TIME ZONE o.timezone)::date, count(*), {COUNTED},
               count(*) FILTER (WHERE e.base_type = ''), count(*) FILTER (WHERE e.name = 'launch_kit_viewed'),
               coalesce(sum(e.duration_seconds), 0), min(e.occurred_at), max(e.occurred_at)
          FROM %I e JOIN accounts_organization o ON o.id = e.organization_id
         WHERE e.category = 'engagement' AND e.client_id IS NOT NULL
         GROUP BY 1, 2, 3
            ON CONFLICT (organization_id, day, client_id) DO UPDATE
           SET {ADDED},
               first_at = least(known.first_at, excluded.first_at),
               last_at = greatest(known.last_at, excluded.last_at)
        $fold$, partition_name);
    EXECUTE format('SELECT count(*) FROM %I', partition_name) INTO events;
    EXECUTE format('DROP TABLE %I', partition_name);
    PERFORM set_config('mainstay.scope', outer_scope, true);
    RETURN events;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_record_events")]

    operations = [
        migrations.RunSQL([FORMER_FUNCTIONS, FUNCTIONS], [DROP_FUNCTIONS, before.FUNCTIONS]),
    ]
