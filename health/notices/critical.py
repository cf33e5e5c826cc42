"""The mail about alerts that have just become critical."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet, Window

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
    readers = [reader for reader in readers_of(organization_id) if reader.preference.critical_at_once]
    if not readers:
        return 0
    raised = _raised(organization_id, at=at, first_client=first_client, last_client=last_client)
    organization = Organization.objects.get(pk=organization_id)
    told: dict[int | None, list[Alert]] = {}
    queued = 0
    for reader in readers:
        whose = reader.user_id if reader.preference.only_own else None
        if whose not in told:
            told[whose] = _first(raised, whose=whose)
        if alerts := told[whose]:
            # The newest step names the mail: the same check again finds no newer one.
            notice = Notice(KIND, str(alerts[0].newest), organization, _context(alerts), at)  # type: ignore[attr-defined]
            queued += queue_notice(notice, to=reader)
    return queued


def _raised(
    organization_id: int, *, at: datetime, first_client: int | None, last_client: int | None
) -> QuerySet[Alert]:
    """Joined to the step that made each critical, of which a check takes one."""
    worse = Q(entries__step=AlertEntry.Step.ESCALATED, entries__before__severity__lt=Alert.Severity.CRITICAL)
    begun = Q(entries__step__in=[AlertEntry.Step.OPENED, AlertEntry.Step.REOPENED])
    alerts = Alert.objects.filter(organization=organization_id, severity=Alert.Severity.CRITICAL, changed_at=at)
    if first_client is not None:
        alerts = alerts.filter(client__gte=first_client)
    if last_client is not None:
        alerts = alerts.filter(client__lte=last_client)
    step = Q(entries__organization=organization_id, entries__at=at, entries__actor=None)
    return alerts.open_alerts(as_of=at).filter(worse | begun, step)


def _first(raised: QuerySet[Alert], *, whose: int | None) -> list[Alert]:
    """The first of those that concern a member, or of all: a check may raise hundreds of thousands.

    Each has the number of them as `in_all` and the newest of their steps as `newest`.
    """
    if whose is not None:
        raised = raised.filter(Q(owner=None) | Q(owner=whose))
    counted = raised.annotate(in_all=Window(Count("id")), newest=Window(Max("entries")))
    return list(counted.select_related("client").order_by("opened_at", "id")[:MOST_LISTED])


def _context(alerts: Sequence[Alert]) -> dict[str, object]:
    count: int = alerts[0].in_all  # type: ignore[attr-defined]
    return {"alerts": alerts, "count": count, "more": count - len(alerts)}
