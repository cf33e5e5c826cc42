"""Mails of the tests about queueing and delivery."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from accounts.tenancy import all_organizations
from emails.delivery import deliver_all
from emails.models import OutboxEmail
from emails.outbox import Mail, queue_email, queue_mails

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


def mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {
        "organization_id": None,
        "kind": "operator_alert",
        "key": "1",
        "to_address": "op@example.com",
        "subject": "Late",
        "text": "A job is late.",
        "due_at": NOW,
        "queued_at": NOW,
    }
    return Mail(**values | changes)


def queue(**changes: Any) -> OutboxEmail:
    """Queue one mail and give its row."""
    queued = mail(**changes)
    assert queue_mails([queued]) == 1
    return the_email(key=queued.key)


def queue_one(key: str = "1", **changes: Any) -> bool:
    values: dict[str, Any] = {
        "to_address": "op@example.com",
        "subject": "Late",
        "text": "A job is late.",
        "queued_at": NOW,
    }
    return queue_email("operator_alert", key=key, **(values | changes))


def the_email(**chosen: Any) -> OutboxEmail:
    with all_organizations():
        return OutboxEmail.objects.get(**chosen)


def rows(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("id").values_list(*fields))


def states() -> list[tuple[str, int, str]]:
    """What each mail is, how often it was taken up, and what went wrong."""
    return rows("status", "attempt", "error")


def run_outbox(*, after: timedelta = timedelta(0)) -> int:
    with time_machine.travel(NOW + after, tick=False):
        return deliver_all(seconds=5)
