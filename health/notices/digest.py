"""The daily mail about what is new among the alerts and what is still open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Window

from accounts.models import Organization
from emails.models import OutboxEmail
from health.models import Alert
from health.notices.mail import Notice, queue_notice
from health.notices.readers import Reader, readers_of

KIND = "alert_digest"
FIRST_LOOKS_BACK = timedelta(days=1)
# What a check has stamped but not committed yet cannot be seen: the next digest tells of it. Of a check that lasts
# longer, see `is_time_for_digests`; the machines' clocks may differ by a minute.
SETTLES_IN = timedelta(minutes=2)
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Digests:
    """`skipped` are members whose hour has come but who have nothing new to hear."""

    queued: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a member hears of: raised, changed or woken after `since` and until `until`; `whose` None is everybody's."""

    since: datetime
    until: datetime
    whose: int | None
    without_critical: bool


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
    unhandled = Alert.objects.filter(organization=organization_id).open_alerts(as_of=as_of)
    counts = list(unhandled.values("owner_id", "severity").annotate(count=Count("id")).order_by())
    news: dict[Wanted, list[Alert]] = {}
    queued = 0
    for reader in due:
        wanted = _wanted_by(reader, since=last.get(reader.address, as_of - FIRST_LOOKS_BACK), as_of=as_of)
        if wanted not in news:
            news[wanted] = _first(unhandled.worst_first(), wanted)
        if told := news[wanted]:
            context = _context(told, _open_by_severity(reader, counts))
            queued += queue_notice(Notice(KIND, now.date().isoformat(), organization, context, as_of), to=reader)
    return Digests(queued, len(due) - queued)


def _last_digests(organization_id: int) -> dict[str, datetime]:
    """By address, when the last one was queued."""
    digests = OutboxEmail.objects.filter(organization=organization_id, kind=KIND)
    return dict(digests.values_list("to_address").annotate(last=Max("queued_at")))


def _wanted_by(reader: Reader, *, since: datetime, as_of: datetime) -> Wanted:
    """Less what is told at once."""
    chosen = reader.preference
    whose = reader.user_id if chosen.only_own else None
    return Wanted(since - SETTLES_IN, as_of - SETTLES_IN, whose, chosen.critical_at_once)


def _first(unhandled: QuerySet[Alert], wanted: Wanted) -> list[Alert]:
    """The first of them; each has the number of all as `in_all`."""
    changed = Q(changed_at__gt=wanted.since, changed_at__lte=wanted.until)
    if wanted.without_critical:
        changed &= Q(severity__lt=Alert.Severity.CRITICAL)
    woken = Q(snoozed_until__gt=wanted.since, snoozed_until__lte=wanted.until)
    alerts = unhandled.filter(changed | woken)
    if wanted.whose is not None:
        alerts = alerts.filter(Q(owner=None) | Q(owner=wanted.whose))
    return list(alerts.annotate(in_all=Window(Count("id"))).select_related("client")[:MOST_LISTED])


def _context(alerts: Sequence[Alert], open_by_severity: Sequence[tuple[str, int]]) -> dict[str, object]:
    count: int = alerts[0].in_all  # type: ignore[attr-defined]
    return {"alerts": alerts, "count": count, "more": count - len(alerts), "open": open_by_severity}


def _open_by_severity(reader: Reader, counts: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Worst first."""
    mine = [row for row in counts if not reader.preference.only_own or row["owner_id"] in (None, reader.user_id)]
    totals = {severity: sum(row["count"] for row in mine if row["severity"] == severity) for severity in Alert.Severity}
    return [(str(severity.label), totals[severity]) for severity in reversed(Alert.Severity) if totals[severity]]
