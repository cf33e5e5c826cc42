"""A client's timeline, a span of days at a time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from accounts.models import Client
from health.timeline.sources import SOURCES
from telemetry.models import ClientActivity

SPAN_DAYS = 30
MOST = 300

STATEMENT = f"""
SELECT at, kind, subject, facts FROM ({" UNION ALL ".join(SOURCES.values())}) AS entry
ORDER BY at DESC, kind, subject DESC LIMIT {MOST + 1}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something at a time; `subject` is the id of its row, 0 where there is none of its own."""

    at: datetime
    kind: str
    subject: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Newest first, of the days from `first` to `last`. `is_cut`: there were more than are shown."""

    entries: Sequence[Entry]
    first: date
    last: date
    has_earlier: bool
    is_cut: bool

    @property
    def earlier(self) -> date:
        """The last day of the span before."""
        return self.first - timedelta(days=1)


def timeline_of(client: Client, *, last: date) -> Timeline:
    """The thirty days up to and including `last`, in the organization's days: two queries, however much there is."""
    span = timedelta(days=SPAN_DAYS - 1)
    first = last - span if last - date.min > span else date.min
    entries = _entries(client, first=first, last=last)
    return Timeline(entries[:MOST], first, last, first > _beginning(client), len(entries) > MOST)


def _entries(client: Client, *, first: date, last: date) -> list[Entry]:
    zone = client.organization.timezone
    parameters = {
        "organization": client.organization_id,
        "client": client.pk,
        "timezone": zone.key,
        "since": datetime.combine(first, time(), zone),
        "until": datetime.combine(last + timedelta(days=1), time(), zone),
        "days": [first + timedelta(days=number) for number in range((last - first).days + 1)],
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        return [Entry(at, kind, subject, json.loads(facts)) for at, kind, subject, facts in cursor.fetchall()]


def _beginning(client: Client) -> date:
    """The day before which nothing is known of the client."""
    first_at = (
        ClientActivity.objects.filter(organization=client.organization_id, client=client)
        .values_list("first_at", flat=True)
        .first()
    )
    known = min(filter(None, [client.created_at, client.signed_up_at, first_at]))
    return known.astimezone(client.organization.timezone).date()
