"""Alerts as rows, for what reads them."""

from datetime import UTC, datetime
from typing import Any

from accounts.models import Client
from accounts.tenancy import all_organizations
from health.models import Alert, AlertEntry

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
SILENT = {"lastActivityAt": "2026-11-13T08:00:00+00:00", "silentSince": "2026-11-13T08:00:00+00:00"}
FELL = {"score": 40, "periodEnd": "2026-11-16", "scoreBefore": 60, "periodEndBefore": "2026-11-09"}
EVIDENCE: dict[str, dict[str, Any]] = {
    "silence": SILENT,
    "tasks": {"updatedAt": "2026-11-13T08:00:00+00:00"},
    "score": FELL,
    "churn": FELL | {"change": -20, "changeBefore": -8},
}


def alert_of(client: Client, **changes: Any) -> Alert:
    """A critical one about silence, raised at NOW, with its entry."""
    values: dict[str, Any] = {
        "matter": "silence",
        "kind": "zero_activity",
        "severity": 3,
        "evidence": EVIDENCE[changes.get("matter", "silence")],
        "opened_at": NOW,
        "changed_at": NOW,
    }
    with all_organizations():
        alert = Alert.objects.create(organization=client.organization, client=client, **(values | changes))
        entry_of(alert, step="opened", at=alert.opened_at)
    return alert


def entry_of(alert: Alert, *, step: str, at: datetime, **values: Any) -> AlertEntry:
    with all_organizations():
        return AlertEntry.objects.create(organization_id=alert.organization_id, alert=alert, step=step, at=at, **values)
