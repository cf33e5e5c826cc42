"""One step of members for many alerts at once: a conditional UPDATE with its log, in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import connection

from accounts.models import ApiKey, User
from health.contention import until_it_passes
from health.models import AlertEntry

LONGEST_NOTE = 5000
BIGGEST_ID = 2**63 - 1


class Reason(StrEnum):
    """Why an alert did not take a step. A foreign alert is unknown."""

    UNKNOWN = "unknown"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    NOT_SNOOZED = "not_snoozed"
    NOT_RESOLVED = "not_resolved"
    SUPERSEDED = "superseded"
    NOT_A_MEMBER = "not_a_member"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ByKey:
    """A program with its API key, where it says so in the name of a member."""

    key: ApiKey
    member: User | None = None


Actor = User | ByKey


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an alert did not take a step; `by_id`, `key` and `at` tell who came first and when, where somebody did."""

    reason: Reason
    by_id: int | None = None
    at: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many alerts took the step, and why the others did not, by their ids."""

    changed: int
    refused: dict[int, Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A step in SQL. `refuses` are conditions on `alert`, the first that is true counts; `before` and `after` are JSON.

    `sets` are the assignments of the UPDATE; without them the step is only logged.
    """

    step: AlertEntry.Step
    refuses: Mapping[Reason, str] = field(default_factory=dict)
    sets: str = ""
    before: str = "'{}'::jsonb"
    after: str = "'{}'::jsonb"


STATUS = """
CASE WHEN alert.resolved_at IS NOT NULL THEN 'resolved'
     WHEN alert.snoozed_at IS NOT NULL AND (alert.snoozed_until IS NULL OR alert.snoozed_until > %(at)s) THEN 'snoozed'
     WHEN alert.acknowledged_at IS NOT NULL THEN 'acknowledged'
     ELSE 'open' END
"""
STATEMENT = """
WITH asked AS (SELECT DISTINCT id FROM unnest(%(alerts)s::bigint[]) AS given (id)),
locked AS MATERIALIZED (
    SELECT alert.*, {refusal} AS refusal, {before} AS before, {after} AS after
    FROM health_alert AS alert JOIN asked ON asked.id = alert.id
    ORDER BY alert.id FOR UPDATE OF alert
),
changed AS ({update}),
logged AS (
    INSERT INTO health_alertentry (organization_id, alert_id, step, actor_id, api_key, at, before, after, note)
    SELECT organization_id, id, %(step)s, %(actor)s, %(key)s, %(at)s, before, after, %(note)s
    FROM locked WHERE refusal IS NULL
)
SELECT asked.id, CASE WHEN locked.id IS NULL THEN 'unknown' ELSE locked.refusal END,
    earlier.by_id, earlier.at, coalesce(entry.api_key, '')
FROM asked LEFT JOIN locked ON locked.id = asked.id
LEFT JOIN LATERAL (VALUES
    ('resolved', locked.resolved_by_id, locked.resolved_at),
    ('acknowledged', locked.acknowledged_by_id, locked.acknowledged_at)
) AS earlier (step, by_id, at) ON earlier.step = locked.refusal
LEFT JOIN LATERAL (
    SELECT logged.api_key FROM health_alertentry AS logged
    WHERE logged.organization_id = locked.organization_id AND logged.alert_id = locked.id
        AND logged.step = earlier.step AND logged.at = earlier.at
    ORDER BY logged.id DESC LIMIT 1
) AS entry ON true
"""
UPDATE = """
UPDATE health_alert AS alert SET {sets} FROM locked WHERE alert.id = locked.id AND locked.refusal IS NULL
"""


def take_step(
    action: Action, alert_ids: Iterable[int], *, actor: Actor, at: datetime, note: str = "", **values: Any
) -> Outcome:
    """Take the step with every alert that allows it. Needs a scope; alerts outside of it are unknown.

    `values` are the parameters of the action. Raises ValidationError for a note that cannot be kept.
    """
    for validate in (ProhibitNullCharactersValidator(), MaxLengthValidator(LONGEST_NOTE)):
        validate(note)
    refusal = " ".join(f"WHEN {condition} THEN '{reason}'" for reason, condition in action.refuses.items())
    statement = STATEMENT.format(
        refusal=f"CASE {refusal} END" if refusal else "NULL",
        before=action.before,
        after=action.after,
        update=UPDATE.format(sets=action.sets) if action.sets else "SELECT",
    )
    asked = set(alert_ids)
    possible = {alert_id for alert_id in asked if 0 < alert_id <= BIGGEST_ID}
    member, key = (actor.member, str(actor.key)) if isinstance(actor, ByKey) else (actor, "")
    parameters = values | {
        "alerts": list(possible),
        "step": action.step,
        "actor": member.pk if member else None,
        "key": key,
        "at": at,
        "note": note,
    }
    outcome = until_it_passes(partial(_take, statement, parameters))
    return Outcome(outcome.changed, outcome.refused | dict.fromkeys(asked - possible, Refusal(Reason.UNKNOWN)))


def _take(statement: str, parameters: dict[str, Any]) -> Outcome:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    refused = {alert_id: Refusal(Reason(reason), *earlier) for alert_id, reason, *earlier in rows if reason}
    return Outcome(len(rows) - len(refused), refused)
