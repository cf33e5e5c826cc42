"""Clients with something to read, to do and to be proud of."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from accounts.models import Client
from accounts.tenancy import all_organizations
from success.insights.rules import RULES
from success.models import Insight, Milestone, MilestoneDefinition, Task
from tests.success.scored_clients import NOW, PERIOD_END

COUNTS: dict[str, Any] = {
    "activeDays": 4,
    "events": 12,
    "eventsBefore": 8,
    "contentGenerated": 3,
    "visualsCreated": 1,
    "tasksCompleted": 2,
    "onboardingDone": 3,
    "onboardingTasks": 4,
    "overall": 55,
    "change": 1,
    "trend": "stable",
}


def add_insight(
    client: Client, kind: str = "weekly_summary", *, period_end: date = PERIOD_END, **fields: Any
) -> Insight:
    created_at = datetime.combine(period_end, time(6), UTC)
    counts = next(rule for rule in RULES if rule.kind == kind).evidence
    days = {"from": f"{period_end - timedelta(days=7)}", "to": f"{period_end - timedelta(days=1)}"}
    defaults = {
        "priority": Insight.Priority.NORMAL,
        "evidence": days | {name: COUNTS[name] for name in counts},
        "action_url": "/client/dashboard/success#why",
        "created_at": created_at,
        "expires_at": NOW + timedelta(days=28),
    }
    with all_organizations():
        return Insight.objects.create(
            organization_id=client.organization_id, client=client, kind=kind, period_end=period_end, **defaults | fields
        )


def add_insights(client: Client, count: int, *, newest: date = PERIOD_END) -> list[Insight]:
    """Five kinds a week, back from the newest."""
    kinds = list(Insight.Kind)
    return [
        add_insight(client, kinds[n % len(kinds)], period_end=newest - timedelta(weeks=n // len(kinds)))
        for n in range(count)
    ]


def add_task(client: Client, title: str = "Connect your data", **fields: Any) -> Task:
    status = fields.get("status", "todo")
    defaults = {
        "created_at": NOW - timedelta(days=20),
        "updated_at": NOW - timedelta(hours=1),
        "completed_at": NOW - timedelta(days=1) if status == "done" else None,
    }
    with all_organizations():
        return Task.objects.create(
            organization_id=client.organization_id, client=client, title=title, **defaults | fields
        )


def add_milestone(client: Client, key: str = "contents-10", **fields: Any) -> Milestone:
    with all_organizations():
        definition = MilestoneDefinition.objects.get(key=key, organization=None)
        return reach(client, definition, **fields)


def reach(client: Client, definition: MilestoneDefinition, **fields: Any) -> Milestone:
    defaults = {
        "threshold": definition.threshold,
        "value": definition.threshold,
        "reached_on": date(2026, 1, 10),
        "detected_at": NOW - timedelta(days=4),
    }
    with all_organizations():
        return Milestone.objects.create(
            organization_id=client.organization_id, client=client, definition=definition, **defaults | fields
        )


def add_definition(client: Client, key: str, **fields: Any) -> MilestoneDefinition:
    defaults = {"title": key, "subject": "client", "measure": "events", "threshold": 10_000}
    with all_organizations():
        return MilestoneDefinition.objects.create(organization_id=client.organization_id, key=key, **defaults | fields)
