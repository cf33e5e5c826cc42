"""Deciding who of a range of clients is contacted, when, and why the others are not."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from accounts.models import Organization
from emails.categories import WEEKS
from emails.contacts.due_times import DueTime, due_time
from emails.contacts.policies import policy_in_force
from emails.contacts.recipients import lock_clients, oddities_of, range_of
from emails.contacts.statement import STATEMENT
from emails.kinds import MailKind
from emails.models import Contact

# The organization's, for clients without a timezone of their own.
OWN = ""
PLAN = "SELECT set_config('work_mem', '64MB', true)"


@dataclass(frozen=True, slots=True)
class AllowedContact:
    """One who may be contacted at `due_at`. `language` is empty where the client chose none."""

    contact_id: int
    client_id: int
    to_address: str
    name: str
    language: str
    timezone: ZoneInfo
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """Only what this call decided: what was decided about a client before stays as it is and is not in here."""

    allowed: Sequence[AllowedContact]
    skipped: Mapping[Contact.Reason, int]


def decide_contacts(
    organization_id: int,
    *,
    kind: MailKind,
    key: str,
    as_of: datetime,
    first_client: int | None = None,
    last_client: int | None = None,
    clients: Sequence[int] | None = None,
    valid_until: datetime | None = None,
) -> Decided:
    """Decide about a mail of this kind and key to each client of a range of ids (both ends included) or of a list.

    Needs the organization's scope. Everything is recorded in the ledger, once for a client, kind and key: a second
    call decides nothing. The mails are to be queued in the same transaction, `due_at` and contact as given here;
    of what turns out not to be worth sending, tell `refuse_contacts`.

    Of the reasons that hold the first is recorded: the client left, the address, consent, the stopped address, how
    often, switched off, too late, the budget. A week's budget is that of the recipient's calendar week in which the
    mail is due; where it is used up, planned messages of lower priority that nobody is sending yet give way and become
    `outranked`, mail and contact at once.

    The clients are locked until the transaction ends, for other decisions only: two at once never exceed the budget.
    One transaction decides about clients in ascending order.
    """
    rows = range_of(organization_id, first_client=first_client, last_client=last_client, clients=clients)
    organization = Organization.objects.only("timezone", "status", "runs_jobs").get(pk=organization_id)
    policy = policy_in_force(organization_id)
    with connection.cursor() as cursor:
        cursor.execute(PLAN)
    lock_clients(rows)
    oddities = oddities_of(rows)
    timezones = {**oddities.timezones, OWN: organization.timezone}
    due_times = {name: due_time(as_of, timezone=zone, policy=policy) for name, zone in timezones.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            rows
            | _of_kind(kind, key=key)
            | _of_zones(timezones, due_times)
            | {
                "addresses": oddities.addresses,
                "cap": policy.weekly_cap,
                "is_on": is_switched_on(organization),
                "as_of": as_of,
                "valid_until": valid_until,
            },
        )
        return _decided(cursor.fetchall(), {str(zone): zone for zone in timezones.values()})


def is_switched_on(organization: Organization) -> bool:
    """Whether anything is sent to its clients by itself."""
    return bool(
        settings.ENABLE_SUCCESS_CRONS and organization.runs_jobs and organization.status == Organization.Status.ACTIVE
    )


def _of_kind(kind: MailKind, *, key: str) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "key": key,
        "category": str(kind.category),
        "priority": kind.priority,
        "is_budgeted": kind.is_budgeted,
        "weeks": json.dumps(WEEKS),
    }


def _of_zones(timezones: Mapping[str, ZoneInfo], due_times: Mapping[str, DueTime]) -> dict[str, Any]:
    return {
        "stored": list(timezones),
        "timezones": [str(zone) for zone in timezones.values()],
        "due": [due_times[name].due_at for name in timezones],
        "begins": [due_times[name].week_begins_at for name in timezones],
        "ends": [due_times[name].week_ends_at for name in timezones],
    }


def _decided(rows: Sequence[tuple[Any, ...]], zones: Mapping[str, ZoneInfo]) -> Decided:
    allowed = [
        AllowedContact(contact, client, address, name, language, zones[zone], due_at)
        for reason, contact, client, address, name, language, zone, due_at in rows
        if not reason
    ]
    return Decided(allowed, {Contact.Reason(reason): count for reason, count, *_ in rows if reason})
