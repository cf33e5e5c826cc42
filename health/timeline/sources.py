"""What stands on a client's timeline: each source as SQL of `at`, `kind`, `subject` (a row's id) and `facts`.

All are bound by organization, client and a half open span of time, so that each reads only from its index on the
client. Days and period ends stand at their midnight in the organization's timezone.
"""

from collections.abc import Mapping

MIDNIGHT = "({day}::timestamp AT TIME ZONE %(timezone)s)"
OF_CLIENT = "organization_id = %(organization)s AND client_id = %(client)s"
IN_SPAN = "{at} >= %(since)s AND {at} < %(until)s"


def _rows(table: str, *, at: str, kind: str, facts: str) -> str:
    return f"""
    SELECT {at} AS at, '{kind}' AS kind, id AS subject, {facts} AS facts FROM {table}
    WHERE {OF_CLIENT} AND {IN_SPAN.format(at=at)}"""


def _on(day: str) -> str:
    return MIDNIGHT.format(day=day)


SOURCES: Mapping[str, str] = {
    "activity": f"""
    SELECT last_at AS at, 'activity' AS kind, 0 AS subject, jsonb_build_object('day', day, 'total', total,
        'login', login, 'page_view', page_view, 'task_completed', task_completed,
        'content_generated', content_generated, 'visual_created', visual_created,
        'voice_interaction', voice_interaction, 'insight_reviewed', insight_reviewed,
        'export_downloaded', export_downloaded, 'settings_updated', settings_updated,
        'feedback_given', feedback_given, 'unmapped', unmapped) AS facts
    FROM telemetry_dailyactivity
    WHERE {OF_CLIENT} AND day = ANY(%(days)s) AND total > 0 AND {IN_SPAN.format(at="last_at")}""",
    "alert": f"""
    SELECT entry.at, 'alert' AS kind, alert.id AS subject, jsonb_build_object('step', entry.step, 'kind', alert.kind,
        'severity', alert.severity, 'before', entry.before, 'after', entry.after, 'note', entry.note,
        'actor', coalesce(nullif(trim(actor.first_name || ' ' || actor.last_name), ''), actor.username),
        'api_key', entry.api_key) AS facts
    FROM health_alert AS alert
    JOIN health_alertentry AS entry ON entry.organization_id = alert.organization_id AND entry.alert_id = alert.id
    LEFT JOIN accounts_user AS actor ON actor.id = entry.actor_id
    WHERE alert.organization_id = %(organization)s AND alert.client_id = %(client)s
        AND {IN_SPAN.format(at="entry.at")}""",
    "note": f"""
    SELECT note.written_at AS at, 'note' AS kind, note.id AS subject, jsonb_build_object('text', note.text,
        'actor', coalesce(nullif(trim(author.first_name || ' ' || author.last_name), ''), author.username)) AS facts
    FROM health_clientnote AS note LEFT JOIN accounts_user AS author ON author.id = note.author_id
    WHERE {OF_CLIENT} AND {IN_SPAN.format(at="note.written_at")}""",
    "score": _rows(
        "success_score",
        at=_on("period_end"),
        kind="score",
        facts="jsonb_build_object('overall', overall, 'band', band, 'day', period_end)",
    ),
    "task_added": _rows("success_task", at="created_at", kind="task_added", facts="jsonb_build_object('title', title)"),
    "task_done": _rows("success_task", at="completed_at", kind="task_done", facts="jsonb_build_object('title', title)"),
    "feedback": _rows(
        "success_feedback",
        at="given_at",
        kind="feedback",
        facts="jsonb_build_object('kind', kind, 'rating', rating, 'comment', comment)",
    ),
    "milestone": f"""
    SELECT {_on("reached.reached_on")} AS at, 'milestone' AS kind, reached.id AS subject,
        jsonb_build_object('title', definition.title, 'value', reached.value) AS facts
    FROM success_milestone AS reached JOIN success_milestonedefinition AS definition ON definition.id = definition_id
    WHERE reached.organization_id = %(organization)s AND client_id = %(client)s
        AND {IN_SPAN.format(at=_on("reached.reached_on"))}""",
    "insights": f"""
    SELECT max(created_at) AS at, 'insights' AS kind, 0 AS subject,
        jsonb_build_object('day', period_end, 'kinds', jsonb_agg(kind ORDER BY kind)) AS facts
    FROM success_insight
    WHERE {OF_CLIENT} AND {IN_SPAN.format(at="created_at")}
    GROUP BY period_end""",
    "mail": _rows(
        "emails_contact",
        at="coalesce(settled_at, decided_at)",
        kind="mail",
        facts="""jsonb_build_object('kind', kind, 'channel', channel, 'status', status, 'reason', reason,
        'due_at', due_at, 'subjects', ARRAY(
            SELECT subject FROM emails_outboxemail AS mail WHERE mail.organization_id = %(organization)s
                AND mail.client_id = %(client)s AND mail.contact_id = emails_contact.id ORDER BY mail.id))""",
    ),
    "consent": f"""
    SELECT consent.at, 'consent' AS kind, consent.id AS subject, jsonb_build_object('category', consent.category,
        'is_given', consent.is_given, 'frequency', consent.frequency, 'source', consent.source,
        'actor', coalesce(nullif(trim(actor.first_name || ' ' || actor.last_name), ''), actor.username)) AS facts
    FROM emails_consent AS consent LEFT JOIN accounts_user AS actor ON actor.id = consent.actor_id
    WHERE {OF_CLIENT} AND {IN_SPAN.format(at="consent.at")}""",
    "churn": _rows("success_churn", at=_on("churned_on"), kind="churn", facts="jsonb_build_object('reason', reason)"),
    "created": f"""
    SELECT created_at AS at, 'created' AS kind, id AS subject,
        jsonb_build_object('signed_up_at', signed_up_at) AS facts
    FROM accounts_client
    WHERE organization_id = %(organization)s AND id = %(client)s AND {IN_SPAN.format(at="created_at")}""",
}
