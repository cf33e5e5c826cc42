"""The daily mail about what is new among the alerts and what is still open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q

from accounts.models import Organization
from emails.models import OutboxEmail
from health.models import Alert
from health.notices.mail import Notice, queue_notice
from health.notices.readers import Reader, readers_of

KIND = "alert_digest"
FIRST_LOOKS_BACK = timedelta(days=1)
MOST_LISTED = 20
MOST_READ = 500


@dataclass(frozen=True, slots=True)
class Digests:
    """`skipped` are members whose hour has come but who have nothing new to hear."""

    queued: int
    skipped: int


def queue_digests(organization_id: int, *, as_of: datetime) -> Digests:
    """Queue the day's digest for every member whose hour has come; run again the same day it adds none.

    Needs the organization's scope. New is what was raised, changed or woken since the member's last digest; of
    what is acknowledged or snoozed nothing is said. Without news there is no mail.
    """
    organization = Organization.objects.get(pk=organization_id)
    now = as_of.astimezone(organization.timezone)
    last = _last_digests(organization_id)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    due = [
        reader
        for reader in readers_of(organization_id)
        if reader.preference.daily_digest
        and reader.preference.digest_hour <= now.hour
        and last.get(reader.address, as_of - FIRST_LOOKS_BACK) < today
    ]
    if not due:
        return Digests(0, 0)
    since = {reader.user_id: last.get(reader.address, as_of - FIRST_LOOKS_BACK) for reader in due}
    unhandled = Alert.objects.filter(organization=organization_id).open_alerts(as_of=as_of)
    new = list(
        unhandled.filter(Q(changed_at__gt=min(since.values())) | Q(snoozed_until__gt=min(since.values())))
        .select_related("client")
        .worst_first()[:MOST_READ]
    )
    counts = list(unhandled.values("owner_id", "severity").annotate(count=Count("id")).order_by())
    queued = 0
    for reader in due:
        told = _new_to(reader, new, since=since[reader.user_id])
        if told:
            context = _context(told, _open_by_severity(reader, counts))
            queued += queue_notice(
                Notice(KIND, now.date().isoformat(), organization, context, as_of), to=reader.address
            )
    return Digests(queued, len(due) - queued)


def _last_digests(organization_id: int) -> dict[str, datetime]:
    """By address, when the last one was queued."""
    digests = OutboxEmail.objects.filter(organization=organization_id, kind=KIND)
    return dict(digests.values_list("to_address").annotate(last=Max("queued_at")))


def _new_to(reader: Reader, alerts: Sequence[Alert], *, since: datetime) -> list[Alert]:
    """Less what was told at once."""
    at_once = reader.preference.critical_at_once
    return [
        alert
        for alert in reader.of_interest(alerts)
        if (alert.changed_at > since and not (at_once and alert.severity == Alert.Severity.CRITICAL))
        or (alert.snoozed_until and alert.snoozed_until > since)
    ]


def _context(alerts: Sequence[Alert], open_by_severity: Sequence[tuple[str, int]]) -> dict[str, object]:
    return {
        "alerts": alerts[:MOST_LISTED],
        "count": len(alerts),
        "more": max(len(alerts) - MOST_LISTED, 0),
        "open": open_by_severity,
    }


def _open_by_severity(reader: Reader, counts: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Worst first."""
    mine = [row for row in counts if not reader.preference.only_own or row["owner_id"] in (None, reader.user_id)]
    totals = {severity: sum(row["count"] for row in mine if row["severity"] == severity) for severity in Alert.Severity}
    return [(str(severity.label), totals[severity]) for severity in reversed(Alert.Severity) if totals[severity]]
