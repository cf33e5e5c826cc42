"""Deciding as one statement: who of a range of clients is contacted and when, who is not and why, and who gives way.

What is known of a client is read by one look each into an index that begins with the client: OFFSET 0 keeps the
planner from joining whole tables of whose last minutes its statistics know nothing. What could give way is locked
before it is chosen, so that it is no mail that somebody is sending.
"""

from emails.contacts.recipients import CLIENTS, IS_PLAIN, asked_for

# What burdens a client: a message that failed has not reached them, one that is uncertain may have.
COUNTS = "contact.is_budgeted AND NOT contact.status = 'skipped' AND contact.status <> 'failed'"
OF_CLIENT = "contact.organization_id = %(organization)s AND contact.client_id = {client}.client_id"
IN_WEEK = "contact.due_at >= {zone}.week_begins_at AND contact.due_at < {zone}.week_ends_at"

ZONES = """
zone AS MATERIALIZED (
    SELECT * FROM unnest(%(stored)s::text[], %(timezones)s::text[], %(due)s::timestamptz[], %(begins)s::timestamptz[],
                         %(ends)s::timestamptz[]) AS zone (stored, timezone, due_at, week_begins_at, week_ends_at)
)"""

# A week's key is new to the statistics, which then take the rows of a key for none: looked up client by client, by the
# index of the keys, each look read all that this run had written before. So they are read once, by their clients.
DECIDED_BEFORE = f"""
decided_before AS MATERIALIZED (
    SELECT contact.client_id FROM emails_contact AS contact
    WHERE {asked_for(organization="contact.organization_id", client="contact.client_id")}
        AND contact.channel = 'email' AND contact.kind || '' = %(kind)s AND contact.key || '' = %(key)s
)"""

# A timezone that nobody knows, or that was chosen a moment ago, is taken for the organization's.
ASKED = f"""
asked AS MATERIALIZED (
    SELECT client.id AS client_id, client.email, client.name, client.language,
        zone.timezone, zone.due_at, zone.week_begins_at, zone.week_ends_at,
        (%(weeks)s::jsonb -> preference.frequency)::int * 7 - 3 AS days_apart,
        CASE
            WHEN client.status <> 'active' OR client.merged_into_id IS NOT NULL THEN 'client_left'
            WHEN client.email = '' THEN 'no_address'
            WHEN NOT ({IS_PLAIN} OR client.email = ANY(%(addresses)s::text[])) THEN 'invalid_address'
            WHEN %(category)s <> '' AND preference.id IS NULL THEN 'not_asked'
            WHEN %(category)s <> '' AND NOT preference.is_agreed THEN 'unsubscribed'
            WHEN EXISTS (
                SELECT FROM emails_suppression AS suppression WHERE suppression.organization_id = %(organization)s
                    AND lower(suppression.address) = lower(client.email) AND suppression.lifted_at IS NULL
            ) THEN 'stopped_address'
            ELSE ''
        END AS reason
    FROM accounts_client AS client
    JOIN zone ON zone.stored = CASE WHEN client.timezone = ANY(%(stored)s::text[]) THEN client.timezone ELSE '' END
    LEFT JOIN LATERAL (
        SELECT id, is_agreed, frequency FROM emails_mailpreference
        WHERE organization_id = %(organization)s AND client_id = client.id AND category = %(category)s OFFSET 0
    ) AS preference ON true
    WHERE {CLIENTS} AND client.id NOT IN (SELECT client_id FROM decided_before)
)"""

# Clocks, late runs and quiet hours move a message by up to three days: four weeks are at least 25 days.
WEIGHED = f"""
weighed AS MATERIALIZED (
    SELECT asked.*, history.used,
        CASE
            WHEN reason <> '' THEN reason
            WHEN history.is_too_soon THEN 'frequency'
            WHEN NOT %(is_on)s THEN 'switched_off'
            WHEN due_at > %(valid_until)s::timestamptz THEN 'late'
            ELSE ''
        END AS reason_before_budget
    FROM asked CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {IN_WEEK.format(zone="asked")}) AS used,
            coalesce(bool_or(contact.category = %(category)s AND contact.category <> ''
                AND contact.due_at > asked.due_at - make_interval(days => asked.days_apart)), false) AS is_too_soon
        FROM emails_contact AS contact
        WHERE asked.reason = '' AND {OF_CLIENT.format(client="asked")} AND {COUNTS}
            AND contact.due_at > asked.due_at - interval '26 days'
    ) AS history
)"""

GIVE_WAY = f"""
crowded AS (
    SELECT client_id, week_begins_at, week_ends_at, used - %(cap)s + 1 AS too_many FROM weighed
    WHERE reason_before_budget = '' AND %(is_budgeted)s AND used >= %(cap)s
),
lower_one AS (
    SELECT contact.id, contact.client_id, contact.priority, crowded.too_many
    FROM crowded JOIN emails_contact AS contact ON {OF_CLIENT.format(client="crowded")}
        AND contact.is_budgeted AND contact.status = 'planned' AND contact.priority < %(priority)s
        AND {IN_WEEK.format(zone="crowded")}
),
waiting AS MATERIALIZED (
    SELECT lower_one.*, mail.id AS mail_id
    FROM lower_one JOIN emails_outboxemail AS mail ON mail.organization_id = %(organization)s
        AND mail.client_id = lower_one.client_id AND mail.contact_id = lower_one.id
    WHERE mail.status IN ('pending', 'retry') AND mail.doubtful_since IS NULL
    FOR UPDATE OF mail SKIP LOCKED
),
unmailed AS (
    SELECT lower_one.*, NULL::bigint AS mail_id FROM lower_one WHERE NOT EXISTS (
        SELECT FROM emails_outboxemail AS mail WHERE mail.organization_id = %(organization)s
            AND mail.client_id = lower_one.client_id AND mail.contact_id = lower_one.id
    )
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY client_id ORDER BY priority, id DESC) AS place,
        count(*) OVER (PARTITION BY client_id) AS available
    FROM (SELECT * FROM waiting UNION ALL SELECT * FROM unmailed) AS movable
),
displaced AS MATERIALIZED (SELECT * FROM ranked WHERE place <= too_many AND available >= too_many),
outranked_mail AS (
    UPDATE emails_outboxemail AS mail SET status = 'skipped', lease_until = NULL
    FROM displaced WHERE mail.organization_id = %(organization)s AND mail.id = displaced.mail_id
),
outranked AS (
    UPDATE emails_contact AS contact SET status = 'skipped', reason = 'outranked', settled_at = %(as_of)s
    FROM displaced WHERE contact.organization_id = %(organization)s AND contact.id = displaced.id
)"""

RECORDED = """
decided AS MATERIALIZED (
    SELECT weighed.*, CASE
        WHEN reason_before_budget = '' AND %(is_budgeted)s AND used >= %(cap)s
            AND client_id NOT IN (SELECT client_id FROM displaced) THEN 'budget'
        ELSE reason_before_budget END AS why_not
    FROM weighed
),
recorded AS (
    INSERT INTO emails_contact (organization_id, client_id, channel, kind, key, category, priority, is_budgeted,
                                decided_at, due_at, status, reason, settled_at)
    SELECT %(organization)s, client_id, 'email', %(kind)s, %(key)s, %(category)s, %(priority)s, %(is_budgeted)s,
        %(as_of)s, CASE WHEN why_not = '' THEN due_at END,
        CASE WHEN why_not = '' THEN 'planned' ELSE 'skipped' END, why_not,
        CASE WHEN why_not <> '' THEN %(as_of)s::timestamptz END
    FROM decided ORDER BY client_id
    ON CONFLICT ON CONSTRAINT emails_contact_one_per_key DO NOTHING
    RETURNING id, client_id, reason
)"""

# First those who are not contacted, counted by reason; then those who are, one by one.
ANSWER = """
SELECT reason, count(*), NULL::bigint, '', '', '', '', NULL::timestamptz
FROM recorded WHERE reason <> '' GROUP BY reason
UNION ALL
SELECT '', id, client_id, email, name, language, timezone, due_at FROM recorded JOIN decided USING (client_id)
WHERE recorded.reason = '' ORDER BY 3 NULLS FIRST
"""

STATEMENT = f"WITH {ZONES}, {DECIDED_BEFORE}, {ASKED}, {WEIGHED}, {GIVE_WAY}, {RECORDED} {ANSWER}"
