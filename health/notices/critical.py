"""The mail about alerts that have just become critical."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from accounts.models import Organization
from health.models import Alert, AlertEntry
from health.notices.mail import Notice, queue_notice
from health.notices.readers import readers_of

KIND = "critical_alerts"
RAISING = (AlertEntry.Step.OPENED, AlertEntry.Step.REOPENED, AlertEntry.Step.ESCALATED)
MOST_LISTED = 20


def queue_critical_notices(
    organization_id: int, *, at: datetime, first_client: int | None = None, last_client: int | None = None
) -> int:
    """Tell the members, in one mail each, of what the check at `at` has made critical in a range of clients.

    Belongs into the transaction of the check, in the organization's scope: so a notice is queued exactly when
    the alert's step is. Nothing is said of alerts that are acknowledged or snoozed. Returns how many were queued.
    """
    alerts = list(_raised(organization_id, at=at, first_client=first_client, last_client=last_client))
    if not alerts:
        return 0
    organization = Organization.objects.get(pk=organization_id)
    readers = [reader for reader in readers_of(organization_id) if reader.preference.critical_at_once]
    # The newest step names the mail: the same check again finds no newer one.
    key = str(max(alert.raised_by for alert in alerts))  # type: ignore[attr-defined]
    queued = 0
    for reader in readers:
        told = reader.of_interest(alerts)
        if told:
            notice = Notice(KIND, key, organization, _context(told), at)
            queued += queue_notice(notice, to=reader.address)
    return queued


def _raised(
    organization_id: int, *, at: datetime, first_client: int | None, last_client: int | None
) -> QuerySet[Alert]:
    """With the id of the step that made each critical, as `raised_by`."""
    worse = Q(entries__step=AlertEntry.Step.ESCALATED, entries__before__severity__lt=Alert.Severity.CRITICAL)
    begun = Q(entries__step__in=[AlertEntry.Step.OPENED, AlertEntry.Step.REOPENED])
    alerts = Alert.objects.filter(organization=organization_id, severity=Alert.Severity.CRITICAL, changed_at=at)
    if first_client is not None:
        alerts = alerts.filter(client__gte=first_client)
    if last_client is not None:
        alerts = alerts.filter(client__lte=last_client)
    raised_by = Max("entries", filter=(worse | begun) & Q(entries__at=at, entries__actor=None))
    told = alerts.open_alerts(as_of=at).annotate(raised_by=raised_by).filter(raised_by__isnull=False)
    return told.select_related("client").order_by("opened_at", "id")


def _context(alerts: Sequence[Alert]) -> dict[str, object]:
    return {"alerts": alerts[:MOST_LISTED], "count": len(alerts), "more": max(len(alerts) - MOST_LISTED, 0)}
