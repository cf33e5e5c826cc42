"""What policies would have done, from the history that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from accounts.models import Organization
from health.business_time import DAY
from health.models import HealthPolicy
from health.what_if.evaluations import HOUR, hours_between
from health.what_if.policies import branches_of, policy_parameters
from health.what_if.statement import replay_statement

DAYS = 90
MOST_SECONDS = 25
# A score's alert may have begun before the days that are looked at, and a score is compared with an older one.
SCORES_BEFORE = timedelta(days=42)
SCORES_COME_AT = 7
# Everything is read once and in full, and the planner cannot know how much of it there will be.
PLAN = """
SELECT set_config('work_mem', '256MB', true), set_config('enable_nestloop', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('statement_timeout', %s, true)
"""


class WhatIfTookTooLongError(Exception):
    """There is more history than can be replayed while somebody waits."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`opened` counts alerts by the kind they opened as, `reached` by each kind they came to be in the time.

    `caught` clients left after an alert had been raised about them in the time; `lead_days` is how long before, at the
    median: from the opening of the alert that lasted until then, else of the newest one.
    """

    alerts: int
    clients: int
    opened: Mapping[str, int]
    reached: Mapping[str, int]
    caught: int
    lead_days: float | None


@dataclass(frozen=True, slots=True)
class Replay:
    """Of `watched` clients, `churned` of which left in those days; `outcomes` in the order of the policies."""

    days: int
    watched: int
    churned: int
    outcomes: Sequence[WhatIf]


def replay(
    organization: Organization,
    policies: Sequence[HealthPolicy],
    *,
    as_of: datetime,
    days: int = DAYS,
    seconds: float = MOST_SECONDS,
) -> Replay:
    """What each policy would have done with hourly evaluations in the `days` before `as_of`. Needs the scope.

    Policies need not be saved. Nothing is written. Raises WhatIfTookTooLongError after so many seconds.
    """
    last = as_of.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = last - timedelta(days=days)
    first = begins - max(policy.reopen_hours for policy in policies) * HOUR - HOUR
    hours = hours_between(first, last)
    levels = policy_parameters(policies, hours=hours, organization=organization)
    parameters = levels | _bounds(organization, policies, levels, begins=begins, hours=hours)
    rows = _rows(replay_statement(branches_of(policies)), parameters, seconds=seconds)
    history = next(row for row in rows if row[0] == "history")
    return Replay(
        days=days,
        watched=history[3],
        churned=int(history[4]),
        outcomes=[_outcome(rows, number) for number in range(len(policies))],
    )


def _bounds(
    organization: Organization,
    policies: Sequence[HealthPolicy],
    levels: Mapping[str, Any],
    *,
    begins: datetime,
    hours: Sequence[datetime],
) -> dict[str, Any]:
    """Who was silent since `read_from` was at the last step of silence by the first hour."""
    zone = organization.timezone
    silent_since = min(levels[f"very_long_if_since_{number}"][0] for number in range(len(policies)))
    read_from = silent_since.astimezone(zone).date() - DAY
    return {
        "organization": organization.pk,
        "timezone": str(zone),
        "hours": hours,
        "evaluations": len(hours),
        "first_hour": hours[0],
        "last_hour": hours[-1],
        "begins": hours.index(begins) + 1,
        "begins_at": begins,
        "read_from": read_from,
        "read_from_moment": datetime.combine(read_from, time(), zone),
        "walked_from": hours[0].astimezone(zone).date(),
        "shortest_silence": min(policy.inactivity_hours for policy in policies) * HOUR,
        **_score_bounds(hours, begins=begins),
    }


def _score_bounds(hours: Sequence[datetime], *, begins: datetime) -> dict[str, Any]:
    """Days are numbered from that of the first hour; scores come at `first_arrival` on it, an hour's number."""
    first_day, first_arrival = hours[0].date(), SCORES_COME_AT - hours[0].hour + 1
    return {
        "first_day": first_day,
        "first_arrival": first_arrival,
        "first_weekday": first_day.weekday(),
        "scores_from": (begins - SCORES_BEFORE).date(),
        "scores_until": first_day + (len(hours) - first_arrival) // 24 * DAY,
    }


def _rows(statement: str, parameters: Mapping[str, Any], *, seconds: float) -> list[Any]:
    """What was set for the statement is undone with its savepoint."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(PLAN, [str(int(seconds * 1000))])
            cursor.execute(statement, parameters)
            rows: list[Any] = cursor.fetchall()
            transaction.set_rollback(True)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise WhatIfTookTooLongError from error
        raise
    return rows


def _outcome(rows: Sequence[Any], number: int) -> WhatIf:
    own = [row for row in rows if row[1] == number]
    alerts, clients = next(((row[3], int(row[4])) for row in own if row[0] == "alerts"), (0, 0))
    caught, lead = next(((row[3], row[4]) for row in own if row[0] == "caught"), (0, None))
    return WhatIf(
        alerts=alerts,
        clients=clients,
        opened={row[2]: row[3] for row in own if row[0] == "opened"},
        reached={row[2]: row[3] for row in own if row[0] == "reached"},
        caught=caught,
        lead_days=lead,
    )
