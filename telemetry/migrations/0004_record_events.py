"""The function that records a set of messages: events, clients, quarantine and derived tables at once.

It is a function of the database so that a set costs one round trip and its plans are made once.
"""

from django.db import migrations

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
NAMES = ", ".join(COUNTERS)
COUNTED = ", ".join(f"count(*) FILTER (WHERE base_type = '{name}')" for name in COUNTERS)
ADDED = ", ".join(f"{name} = known.{name} + excluded.{name}" for name in COUNTERS)

# An event keeps its anonymous id only when it named no client: that id alone says whose it is, then and later.
ANONYMOUS_INDEX = """
DROP INDEX telemetry_event_anonymous;
CREATE INDEX telemetry_event_anonymous ON telemetry_event (organization_id, anonymous_id) WHERE anonymous_id <> ''
"""
FORMER_ANONYMOUS_INDEX = """
DROP INDEX telemetry_event_anonymous;
CREATE INDEX telemetry_event_anonymous ON telemetry_event (organization_id, anonymous_id)
    WHERE client_id IS NULL AND anonymous_id <> ''
"""

# - Each statement has its own snapshot, taken after the lock: what others did before is seen.
# - All rows are written in the order of their keys, table after table, so that no two calls wait in a circle.
# - `elsewhere` names the messages that another month may hold, and the first such month.
# - Plans are kept for the life of a connection, so they must not rest on how empty the tables once were: what is
#   looked up row by row stands in subqueries, which go by index.
# - A rebuild may hold the lock for long: whoever sends is told to come again instead of waiting for it.
# - With a key it yields no row and records nothing once the key is not what the caller knows of it any more.
RECORD_EVENTS = f"""
CREATE FUNCTION telemetry_record_events(
    organization bigint, received timestamptz, alone boolean, replaying boolean,
    events jsonb, users jsonb, elsewhere jsonb, sending_key bigint, key_origins text[]
) RETURNS TABLE (duplicate text[], quarantined text[], clients bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET lock_timeout = '5s' AS $$
#variable_conflict use_variable
DECLARE
    this_month date := date_trunc('month', received AT TIME ZONE 'UTC')::date;
    lock_key bigint := hashtextextended('telemetry.activity.' || organization, 0);
    own record;
    used_at timestamptz;
    user_ids text[];
    client_ids bigint[];
    seen text[] := ARRAY[]::text[];
    inserted_ids text[];
BEGIN
    PERFORM set_config('mainstay.organization', organization::text, true), set_config('mainstay.scope', '', true);
    IF alone THEN
        PERFORM pg_advisory_xact_lock(lock_key);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(lock_key);
    END IF;
    SELECT o.timezone, o.creates_unknown_clients, o.status INTO STRICT own
      FROM accounts_organization o WHERE o.id = organization;

    IF sending_key IS NOT NULL THEN
        SELECT coalesce(k.last_used_at, '-infinity') INTO used_at FROM accounts_apikey k
         WHERE k.id = sending_key AND k.organization_id = organization AND k.revoked_at IS NULL
           AND k.allowed_origins::text[] = key_origins;
        IF used_at IS NULL OR own.status <> 'active' THEN
            RETURN;
        END IF;
        IF used_at < received - interval '1 minute' THEN
            UPDATE accounts_apikey k SET last_used_at = received
             WHERE k.id = (SELECT u.id FROM accounts_apikey u WHERE u.id = sending_key FOR UPDATE SKIP LOCKED);
        END IF;
    END IF;

    IF elsewhere <> '[]' THEN
        SELECT coalesce(array_agg(m.message_id), seen) INTO seen
          FROM jsonb_to_recordset(elsewhere) AS m(message_id text, since date)
         CROSS JOIN LATERAL (SELECT FROM telemetry_event e
                              WHERE e.organization_id = organization AND e.message_id = m.message_id
                                AND e.received_month >= m.since LIMIT 1) AS found;
    END IF;
    IF NOT replaying AND EXISTS (SELECT FROM telemetry_quarantinedevent q WHERE q.organization_id = organization) THEN
        seen := seen || ARRAY(
            SELECT m.message_id FROM jsonb_to_recordset(events) AS m(message_id text)
             CROSS JOIN LATERAL (SELECT FROM telemetry_quarantinedevent q
                                  WHERE q.organization_id = organization AND q.message_id = m.message_id LIMIT 1) q);
    END IF;

    SELECT array_agg(u.id), array_agg(u.client_id) INTO user_ids, client_ids
      FROM (SELECT named.id, coalesce(
                   (SELECT coalesce(c.merged_into_id, c.id) FROM accounts_client c
                     WHERE c.organization_id = organization AND c.external_id = named.id),
                   (SELECT i.client_id FROM telemetry_clientidentity i
                     WHERE i.organization_id = organization AND i.anonymous_id = named.id)) AS client_id
              FROM jsonb_array_elements_text(users) AS named(id)) u;
    IF own.creates_unknown_clients AND array_position(client_ids, NULL) IS NOT NULL THEN
        -- A message that was recorded before creates nobody.
        INSERT INTO accounts_client (organization_id, external_id, name, email, status, created_at)
        SELECT DISTINCT organization, m.external_id, '', '', 'active', received
          FROM jsonb_to_recordset(events) AS m(message_id text, external_id text, problem text)
          JOIN unnest(user_ids, client_ids) AS u(id, client_id) ON u.id = m.external_id AND u.client_id IS NULL
         WHERE m.problem = '' AND m.message_id <> ALL (seen)
           AND (SELECT e.id FROM telemetry_event e
                 WHERE e.organization_id = organization AND e.message_id = m.message_id
                   AND e.received_month = this_month) IS NULL
         ORDER BY m.external_id
            ON CONFLICT DO NOTHING;
        -- Plans that were made for a few clients would read all of an organization's to find one of them.
        IF pg_relation_size('accounts_client') > 16384 + 2 * 8192 * (
            SELECT t.relpages FROM pg_class t WHERE t.oid = 'accounts_client'::regclass) THEN
            PERFORM telemetry_refresh_statistics();
        END IF;
        SELECT array_agg(u.id), array_agg(coalesce(u.client_id, (
                   SELECT coalesce(c.merged_into_id, c.id) FROM accounts_client c
                    WHERE c.organization_id = organization AND c.external_id = u.id)))
          INTO user_ids, client_ids
          FROM unnest(user_ids, client_ids) AS u(id, client_id);
    END IF;

    WITH inserted AS (
        INSERT INTO telemetry_event (
               organization_id, client_id, message_id, call, name, base_type, category, success, data, page_path,
               session_id, duration_seconds, anonymous_id, occurred_at, original_at, sent_at, received_at,
               received_month)
        SELECT organization,
               CASE WHEN m.external_id <> '' THEN u.client_id
                    WHEN m.anonymous_id <> '' THEN (
                        SELECT i.client_id FROM telemetry_clientidentity i
                         WHERE i.organization_id = organization AND i.anonymous_id = m.anonymous_id) END,
               m.message_id, m.call, m.name,
               CASE WHEN m.base_type = '' AND m.category = 'engagement' THEN coalesce((
                        SELECT n.base_type FROM telemetry_eventname n
                         WHERE n.organization_id = organization AND n.name = m.name), '')
                    ELSE m.base_type END,
               m.category, m.success, m.data, m.page_path, m.session_id, m.duration_seconds,
               CASE WHEN m.external_id = '' THEN m.anonymous_id ELSE '' END,
               m.occurred_at, m.original_at, m.sent_at, coalesce(m.received_at, received),
               CASE WHEN m.received_at IS NULL THEN this_month
                    ELSE date_trunc('month', m.received_at AT TIME ZONE 'UTC')::date END
          FROM jsonb_to_recordset(events) AS m(
                   message_id text, call text, name text, base_type text, category text, success boolean, data jsonb,
                   page_path text, session_id text, duration_seconds numeric(12, 3), external_id text,
                   anonymous_id text, occurred_at timestamptz, original_at timestamptz, sent_at timestamptz,
                   received_at timestamptz, problem text)
          LEFT JOIN unnest(user_ids, client_ids) AS u(id, client_id) ON u.id = m.external_id
         WHERE m.problem = '' AND (m.external_id = '' OR u.client_id IS NOT NULL) AND m.message_id <> ALL (seen)
         ORDER BY m.message_id
            ON CONFLICT DO NOTHING
        RETURNING message_id, client_id, name, base_type, category, occurred_at, duration_seconds
    ), activity AS MATERIALIZED (
        SELECT client_id, (occurred_at AT TIME ZONE own.timezone)::date AS day, name, base_type, occurred_at,
               duration_seconds
          FROM inserted
         WHERE category = 'engagement' AND client_id IS NOT NULL
    ), by_day AS (
        INSERT INTO telemetry_dailyactivity AS known (
               organization_id, client_id, day, total, {NAMES}, unmapped, launch_kit_views,
               duration_seconds, first_at, last_at)
        SELECT organization, client_id, day, count(*), {COUNTED},
               count(*) FILTER (WHERE base_type = ''), count(*) FILTER (WHERE name = 'launch_kit_viewed'),
               coalesce(sum(duration_seconds), 0), min(occurred_at), max(occurred_at)
          FROM activity
         GROUP BY client_id, day
         ORDER BY day, client_id
            ON CONFLICT (organization_id, day, client_id) DO UPDATE
           SET total = known.total + excluded.total, {ADDED},
               unmapped = known.unmapped + excluded.unmapped,
               launch_kit_views = known.launch_kit_views + excluded.launch_kit_views,
               duration_seconds = known.duration_seconds + excluded.duration_seconds,
               first_at = least(known.first_at, excluded.first_at),
               last_at = greatest(known.last_at, excluded.last_at)
    ), by_client AS (
        INSERT INTO telemetry_clientactivity AS known (
               organization_id, client_id, first_at, last_at, launch_kit_first_day)
        SELECT organization, client_id, min(occurred_at), max(occurred_at),
               min(day) FILTER (WHERE name = 'launch_kit_viewed')
          FROM activity
         GROUP BY client_id
         ORDER BY client_id
            ON CONFLICT (organization_id, client_id) DO UPDATE
           SET first_at = least(known.first_at, excluded.first_at),
               last_at = greatest(known.last_at, excluded.last_at),
               launch_kit_first_day = least(known.launch_kit_first_day, excluded.launch_kit_first_day)
         WHERE excluded.first_at < known.first_at OR excluded.last_at > known.last_at
            OR least(known.launch_kit_first_day, excluded.launch_kit_first_day)
               IS DISTINCT FROM known.launch_kit_first_day
    )
    SELECT array_agg(i.message_id), array_agg(DISTINCT i.client_id) FILTER (WHERE i.client_id IS NOT NULL)
      INTO inserted_ids, clients
      FROM inserted i;

    IF coalesce(cardinality(inserted_ids), 0) < jsonb_array_length(events) THEN
        WITH kept AS (
            INSERT INTO telemetry_quarantinedevent (organization_id, message_id, reason, message, received_at)
            SELECT organization, e.message ->> 'message_id',
                   coalesce(nullif(e.message ->> 'problem', ''), 'unknown_client'), e.message, received
              FROM jsonb_array_elements(events) AS e(message)
              LEFT JOIN unnest(user_ids, client_ids) AS u(id, client_id) ON u.id = e.message ->> 'external_id'
             WHERE (e.message ->> 'problem' <> '' OR (e.message ->> 'external_id' <> '' AND u.client_id IS NULL))
               AND e.message ->> 'message_id' <> ALL (seen)
               AND (SELECT known.id FROM telemetry_event known
                     WHERE known.organization_id = organization AND known.message_id = e.message ->> 'message_id'
                       AND known.received_month = this_month) IS NULL
             ORDER BY 2
                ON CONFLICT DO NOTHING
            RETURNING message_id
        )
        SELECT array_agg(k.message_id) INTO quarantined FROM kept k;
        duplicate := ARRAY(
            SELECT m.message_id FROM jsonb_to_recordset(events) AS m(message_id text)
            EXCEPT ALL SELECT unnest(inserted_ids)
            EXCEPT ALL SELECT unnest(quarantined));
    END IF;
    RETURN QUERY SELECT coalesce(duplicate, ARRAY[]::text[]), coalesce(quarantined, ARRAY[]::text[]),
                        coalesce(clients, ARRAY[]::bigint[]);
END $$
"""
DROP_RECORD_EVENTS = (
    "DROP FUNCTION telemetry_record_events(bigint, timestamptz, boolean, boolean, jsonb, jsonb, jsonb, bigint, text[])"
)

# Whose key it is must be known before whose rows may be seen. A revoked key and one of an organization that is
# not open are no keys. Its use is noted once a minute, by whoever finds the row free.
FIND_KEY = """
CREATE FUNCTION telemetry_find_key(key_digest bytea, at timestamptz)
RETURNS TABLE (id bigint, organization_id bigint, kind text, allowed_origins text[])
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    outer_scope text := coalesce(current_setting('mainstay.scope', true), '');
    key accounts_apikey;
BEGIN
    PERFORM set_config('mainstay.scope', 'all', true);
    SELECT k.* INTO key FROM accounts_apikey k JOIN accounts_organization o ON o.id = k.organization_id
     WHERE k.digest = key_digest AND k.revoked_at IS NULL AND o.status = 'active';
    IF FOUND AND coalesce(key.last_used_at, '-infinity') < at - interval '1 minute' THEN
        UPDATE accounts_apikey k SET last_used_at = at
         WHERE k.id = (SELECT u.id FROM accounts_apikey u WHERE u.id = key.id FOR UPDATE SKIP LOCKED);
    END IF;
    PERFORM set_config('mainstay.scope', outer_scope, true);
    IF key.id IS NOT NULL THEN
        RETURN QUERY SELECT key.id, key.organization_id, key.kind::text, key.allowed_origins::text[];
    END IF;
END $$
"""
DROP_FIND_KEY = "DROP FUNCTION telemetry_find_key(bytea, timestamptz)"

# A time as applications write it into a trait: text that begins as a date, or seconds or milliseconds since 1970.
READABLE_TIME = """
CREATE FUNCTION telemetry_readable_time(stated jsonb) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
DECLARE
    moment timestamptz;
BEGIN
    IF jsonb_typeof(stated) = 'string' AND stated #>> '{}' ~ '^\\d{4}-\\d{1,2}-\\d{1,2}([T ]|$)' THEN
        moment := (stated #>> '{}')::timestamptz;
    ELSIF jsonb_typeof(stated) = 'number' THEN
        moment := to_timestamp((stated::text::numeric / CASE WHEN stated::text::numeric < 100000000000 THEN 1
                                                             ELSE 1000 END)::double precision);
    END IF;
    RETURN CASE WHEN moment BETWEEN '0001-01-02' AND '9999-12-30' THEN moment END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$
"""
DROP_READABLE_TIME = "DROP FUNCTION telemetry_readable_time(jsonb)"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_event_partitions")]

    operations = [
        migrations.RunSQL(ANONYMOUS_INDEX, FORMER_ANONYMOUS_INDEX),
        migrations.RunSQL(RECORD_EVENTS, DROP_RECORD_EVENTS),
        migrations.RunSQL(FIND_KEY, DROP_FIND_KEY),
        migrations.RunSQL(READABLE_TIME, DROP_READABLE_TIME),
    ]
