"""The statement of a check: what the rules find, compared with the alerts there are, and what follows from it.

It reads without locking and writes only where something changes. An alert that is to change is then locked, in the
order of ids, and left alone if another check or a member has changed it since it was read.
"""

from collections.abc import Collection

from health.limits import LIMITS
from health.rules.all_rules import STEPS, findings

IS_WATCHED = "client.organization_id = %(organization)s AND client.status = 'active' AND client.merged_into_id IS NULL"
OF_A_WATCHED_CLIENT = (
    f"EXISTS (SELECT FROM accounts_client AS client WHERE {IS_WATCHED} AND client.id = alert.client_id)"
)

# Alerts whose condition was there at the last check: unresolved ones, and those that a member resolved all the same.
LASTING = f"""
SELECT alert.id, alert.client_id, alert.matter, alert.kind, alert.severity, alert.evidence, alert.resolved_at,
    alert.ended_at, alert.good_evaluations, alert.good_at, steps.step,
    CASE WHEN steps.is_patient AND alert.kind <> ALL(%(switched_off)s) AND {OF_A_WATCHED_CLIENT}
         THEN %(clear_evaluations)s ELSE 1 END AS patience
FROM health_alert AS alert JOIN steps USING (matter, kind, severity)
WHERE alert.organization_id = %(organization)s AND alert.ended_at IS NULL AND {{alerts}}
"""

# What is to happen to an alert:
#   open    there is none                                   raise  it got worse
#   reopen  it got worse after a member had resolved it     ease   it got better, but is not over
#   end     it is over                                      over   it is over after a member had resolved it
#   wait    it is better, but not for long enough           keep   it is what it was; evidence or count are not
ACTION = """
CASE
    WHEN lasting.id IS NULL THEN CASE WHEN raised > 0 THEN 'open' END
    WHEN raised > step THEN CASE WHEN resolved_at IS NULL THEN 'raise' ELSE 'reopen' END
    WHEN held >= step THEN CASE
        WHEN good_evaluations > 0 OR (raised = step AND resolved_at IS NULL AND found.evidence <> lasting.evidence)
        THEN 'keep' END
    WHEN patience > 1 AND good_at > %(counted_until)s THEN NULL
    WHEN good_evaluations + 1 < patience THEN 'wait'
    WHEN held > 0 THEN CASE WHEN resolved_at IS NULL THEN 'ease' END
    WHEN resolved_at IS NULL THEN 'end'
    ELSE 'over'
END
"""
COMPARED = f"""
SELECT client_id, matter, lasting.id AS alert_id, lasting.kind, severity, resolved_at, ended_at, good_evaluations,
    CASE WHEN lasting.id IS NULL OR raised > step THEN raised ELSE held END AS target,
    CASE WHEN lasting.id IS NULL OR raised >= step OR held < step THEN found.evidence END AS evidence,
    {ACTION} AS action
FROM found FULL JOIN lasting USING (client_id, matter)
"""

# What ended a short while ago and is there again is the same alert.
FORMER = """
SELECT alert.id, alert.kind, alert.severity, alert.resolved_at, alert.ended_at, alert.good_evaluations
FROM health_alert AS alert
WHERE alert.organization_id = %(organization)s AND alert.client_id = compared.client_id
    AND alert.matter = compared.matter AND alert.ended_at >= %(reopened_since)s
ORDER BY alert.ended_at DESC, alert.id DESC LIMIT 1
"""
STATE = ("kind", "severity", "resolved_at", "ended_at", "good_evaluations")
DECIDED = f"""
SELECT compared.client_id, compared.matter, compared.target, compared.evidence,
    coalesce(compared.alert_id, former.id) AS alert_id,
    CASE WHEN former.id IS NULL THEN compared.action ELSE 'reopen' END AS action,
    {", ".join(f"coalesce(compared.{column}, former.{column}) AS {column}" for column in STATE)}
FROM compared LEFT JOIN LATERAL ({FORMER}) AS former ON compared.action = 'open'
"""

# The latest version of each row, if it still is as it was when it was compared.
LOCKED = f"""
SELECT alert.id, decided.action, decided.evidence, alert.kind AS kind_before, alert.severity AS severity_before,
    alert.acknowledged_by_id, target.kind, target.severity,
    decided.action IN ('raise', 'ease', 'reopen') AS changes,
    decided.action = 'reopen' OR (decided.action = 'raise' AND target.severity > alert.severity) AS is_news,
    alert.resolved_at IS NULL AND alert.snoozed_at IS NOT NULL AND alert.snoozed_until IS NULL AS waits_for_change,
    CASE WHEN decided.action <> 'end' THEN ''
         WHEN NOT {OF_A_WATCHED_CLIENT} THEN 'client_left_out'
         WHEN alert.kind = ANY(%(switched_off)s) THEN 'rule_off'
         ELSE 'condition_ended' END AS resolution
FROM health_alert AS alert
JOIN decided ON decided.alert_id = alert.id
LEFT JOIN steps AS target ON target.matter = decided.matter AND target.step = decided.target
WHERE alert.organization_id = %(organization)s AND alert.client_id = decided.client_id
    AND ({", ".join(f"alert.{column}" for column in STATE)})
        IS NOT DISTINCT FROM ({", ".join(f"decided.{column}" for column in STATE)})
ORDER BY alert.id FOR UPDATE OF alert
"""

# News has to be acknowledged again; whatever changes ends a snooze until it changes.
CHANGED = """
UPDATE health_alert AS alert SET
    kind = CASE WHEN locked.changes THEN locked.kind ELSE alert.kind END,
    severity = CASE WHEN locked.changes THEN locked.severity ELSE alert.severity END,
    evidence = CASE WHEN locked.action = 'wait' OR locked.evidence IS NULL THEN alert.evidence ELSE locked.evidence END,
    changed_at = CASE WHEN locked.changes THEN %(as_of)s ELSE alert.changed_at END,
    reopened_count = alert.reopened_count + (locked.action = 'reopen')::int,
    good_evaluations = CASE locked.action WHEN 'wait' THEN alert.good_evaluations + 1 ELSE 0 END,
    good_at = CASE locked.action WHEN 'wait' THEN %(as_of)s END,
    acknowledged_at = CASE WHEN NOT locked.is_news THEN alert.acknowledged_at END,
    acknowledged_by_id = CASE WHEN NOT locked.is_news THEN alert.acknowledged_by_id END,
    snoozed_at = CASE WHEN NOT locked.changes OR alert.snoozed_until IS NOT NULL THEN alert.snoozed_at END,
    snoozed_by_id = CASE WHEN NOT locked.changes OR alert.snoozed_until IS NOT NULL THEN alert.snoozed_by_id END,
    resolved_at = CASE locked.action WHEN 'reopen' THEN NULL WHEN 'end' THEN %(as_of)s ELSE alert.resolved_at END,
    resolved_by_id = CASE locked.action WHEN 'reopen' THEN NULL ELSE alert.resolved_by_id END,
    resolution = CASE locked.action WHEN 'reopen' THEN '' WHEN 'end' THEN locked.resolution ELSE alert.resolution END,
    ended_at = CASE WHEN locked.action IN ('end', 'over') THEN %(as_of)s::timestamptz
                    WHEN locked.action <> 'reopen' THEN alert.ended_at END
FROM locked WHERE alert.id = locked.id
RETURNING alert.id, locked.action, locked.changes, locked.kind_before, locked.severity_before, alert.kind,
    alert.severity, CASE WHEN locked.is_news THEN locked.acknowledged_by_id END AS acknowledged_before,
    locked.changes AND locked.waits_for_change AS wakes, locked.resolution
"""
OPENED = """
INSERT INTO health_alert (organization_id, client_id, matter, kind, severity, evidence, opened_at, changed_at,
    reopened_count, good_evaluations, resolution, verdict)
SELECT %(organization)s, decided.client_id, decided.matter, target.kind, target.severity, decided.evidence,
    %(as_of)s, %(as_of)s, 0, 0, '', ''
FROM decided JOIN steps AS target ON target.matter = decided.matter AND target.step = decided.target
WHERE decided.action = 'open' ORDER BY decided.client_id, decided.matter
ON CONFLICT (organization_id, client_id, matter) WHERE ended_at IS NULL DO NOTHING
RETURNING id, kind, severity
"""
LOGGED = """
INSERT INTO health_alertentry (organization_id, alert_id, step, at, before, after, note)
SELECT %(organization)s, id, step, %(as_of)s, before, after, '' FROM (
    SELECT id, 'opened' AS step, '{}'::jsonb AS before,
        jsonb_build_object('kind', kind, 'severity', severity) AS after
    FROM opened
    UNION ALL
    SELECT id, CASE action WHEN 'raise' THEN 'escalated' WHEN 'ease' THEN 'eased' ELSE 'reopened' END,
        jsonb_strip_nulls(jsonb_build_object(
            'kind', kind_before, 'severity', severity_before, 'acknowledgedBy', acknowledged_before
        )),
        jsonb_build_object('kind', kind, 'severity', severity)
    FROM changed WHERE changes
    UNION ALL
    SELECT id, 'woken', '{}', '{}' FROM changed WHERE wakes
    UNION ALL
    SELECT id, 'resolved', '{}', jsonb_build_object('resolution', resolution) FROM changed WHERE action = 'end'
) AS entry
RETURNING step
"""


def check_statement(*, clients: str, alerts: str, switched_off: Collection[str]) -> str:
    """Answers the number of clients looked at and, for each step in the log, how many alerts took it.

    `clients` and `alerts` are conditions that say which of each are meant.
    """
    watched = f"{IS_WATCHED} AND {clients}"
    return f"""
    WITH {LIMITS}, {STEPS},
    found (client_id, matter, raised, held, evidence) AS ({findings(watched=watched, switched_off=switched_off)}),
    lasting AS ({LASTING.format(alerts=alerts)}),
    compared AS MATERIALIZED (SELECT * FROM ({COMPARED}) AS every WHERE action IS NOT NULL),
    decided AS MATERIALIZED ({DECIDED}),
    locked AS MATERIALIZED ({LOCKED}),
    changed AS ({CHANGED}),
    opened AS ({OPENED}),
    logged AS ({LOGGED})
    SELECT (SELECT count(*) FROM accounts_client AS client WHERE {watched}),
        (SELECT coalesce(jsonb_object_agg(step, steps), '{{}}') FROM (
            SELECT step, count(*) AS steps FROM logged GROUP BY step
        ) AS counted)
    """
