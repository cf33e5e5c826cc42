"""The health check: rules over clients, and alerts that follow them."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection

from accounts.models import Organization
from health.check_statement import check_statement
from health.contention import MetAnotherError, until_it_passes
from health.limits import limits_at
from health.notices.critical import queue_critical_notices
from health.policies import policy_in_force

# Evaluations are hourly: one that comes sooner, by hand or after the scores, does not count as another good one.
EVALUATIONS_APART = timedelta(minutes=30)

# Hashes that do not fit into memory double the time.
PLAN = "SELECT set_config('work_mem', '256MB', true)"

OPENED_ANEW = """
    SELECT EXISTS (
        SELECT FROM health_alert AS opened
        JOIN health_alert AS former USING (organization_id, client_id, matter)
        WHERE organization_id = %(organization)s AND opened.opened_at = %(as_of)s AND opened.ended_at IS NULL
            AND former.ended_at >= %(reopened_since)s AND former.id <> opened.id
    )
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """How many clients were looked at, and what became of alerts about them. `reopened` ones are not in `opened`."""

    processed: int = 0
    opened: int = 0
    reopened: int = 0
    escalated: int = 0
    resolved: int = 0


def check_clients(
    organization_id: int, *, as_of: datetime, first_client: int | None = None, last_client: int | None = None
) -> Checked:
    """Check the clients of a range of ids, both ends included. Needs the organization's scope.

    Clients that are paused, archived or merged are left out: their alerts are resolved. So is, for now, an
    organization that is not active: its alerts stay as they are. Checks of the same clients may run at once, and
    while members work on the alerts: each change is made and logged once. Where nothing has changed, nothing is
    written.

    What is known of the clients is what is known now, so `as_of` is the present: time alone passes by it. The mails
    about what has become critical are queued in the transaction of the steps that they tell of.
    """
    organization = Organization.objects.only("timezone", "status").get(pk=organization_id)
    if organization.status != Organization.Status.ACTIVE:
        return Checked()
    policy = policy_in_force(organization_id)
    statement = check_statement(
        clients=_range("client.id", first_client, last_client),
        alerts=_range("alert.client_id", first_client, last_client),
        switched_off=policy.switched_off,
    )
    parameters = limits_at(as_of, policy=policy, organization=organization) | {
        "organization": organization_id,
        "as_of": as_of,
        "first_client": first_client,
        "last_client": last_client,
        "switched_off": policy.switched_off,
        "clear_evaluations": policy.clear_evaluations,
        "counted_until": as_of - EVALUATIONS_APART,
        "reopened_since": as_of - timedelta(hours=policy.reopen_hours),
    }
    return until_it_passes(partial(_check_and_tell, statement, parameters))


def _check_and_tell(statement: str, parameters: dict[str, Any]) -> Checked:
    checked = _check(statement, parameters)
    if checked.opened and _opened_what_had_just_ended(parameters):
        raise MetAnotherError
    if checked.opened or checked.reopened or checked.escalated:
        queue_critical_notices(
            parameters["organization"],
            at=parameters["as_of"],
            first_client=parameters["first_client"],
            last_client=parameters["last_client"],
        )
    return checked


def _check(statement: str, parameters: dict[str, Any]) -> Checked:
    with connection.cursor() as cursor:
        cursor.execute(PLAN)
        cursor.execute(statement, parameters)
        processed, steps = cursor.fetchone()
    taken = json.loads(steps)
    return Checked(
        processed=processed,
        opened=taken.get("opened", 0),
        reopened=taken.get("reopened", 0),
        escalated=taken.get("escalated", 0),
        resolved=taken.get("resolved", 0),
    )


def _opened_what_had_just_ended(parameters: dict[str, Any]) -> bool:
    """Another check may open and end an alert while this one reads: no constraint is hurt by then opening a second."""
    with connection.cursor() as cursor:
        cursor.execute(OPENED_ANEW, parameters)
        return bool(cursor.fetchone()[0])


def _range(column: str, first: int | None, last: int | None) -> str:
    bounds = [
        f"{column} >= %(first_client)s" if first is not None else "",
        f"{column} <= %(last_client)s" if last is not None else "",
    ]
    return " AND ".join(filter(None, bounds)) or "true"
