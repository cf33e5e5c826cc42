"""Clients whose state the health rules know, and what became of their alerts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from health.checking import Checked, check_clients
from health.models import Alert, AlertEntry
from success.models import Task
from telemetry.models import ClientActivity
from tests.factories import ClientFactory, MembershipFactory
from tests.success.scored_clients import add_score

# A Wednesday.
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def add_client(organization: Organization, *, silent: timedelta | None = timedelta(0), **fields: Any) -> Client:
    """Last active so long before NOW; None: never, and created at NOW."""
    client: Client = ClientFactory.create(organization=organization, **fields)
    with all_organizations():
        Client.objects.filter(pk=client.pk).update(created_at=NOW)
        if silent is not None:
            set_last_activity(client, NOW - silent)
    return client


def set_last_activity(client: Client, at: datetime) -> None:
    with all_organizations():
        ClientActivity.objects.update_or_create(
            organization_id=client.organization_id,
            client=client,
            defaults={"last_at": at},
            create_defaults={"first_at": at, "last_at": at},
        )


def add_task(client: Client, *, untouched: timedelta, status: str = Task.Status.IN_PROGRESS) -> Task:
    at = NOW - untouched
    with all_organizations():
        return Task.objects.create(
            organization_id=client.organization_id,
            client=client,
            title="Set up",
            status=status,
            created_at=at,
            updated_at=at,
            completed_at=at if status == Task.Status.DONE else None,
        )


def add_scores(client: Client, scores: dict[str, int | None]) -> None:
    """By ISO date; scores that are there already change."""
    for day, overall in scores.items():
        add_score(client, period_end=date.fromisoformat(day), overall=overall, band="")


def check(organization: Organization, at: datetime = NOW, **options: Any) -> Checked:
    with organization_scope(organization.pk):
        return check_clients(organization.pk, as_of=at, **options)


def alerts(client: Client) -> list[tuple[str, int, str]]:
    """Kind, severity and resolution of each, the oldest first."""
    with all_organizations():
        return list(Alert.objects.filter(client=client).order_by("id").values_list("kind", "severity", "resolution"))


def alert_of(client: Client) -> Alert:
    with all_organizations():
        return Alert.objects.get(client=client)


def log(client: Client) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Step, from and to."""
    with all_organizations():
        entries = AlertEntry.objects.filter(alert__client=client).order_by("id")
        return list(entries.values_list("step", "before", "after"))


def steps(client: Client) -> list[str]:
    return [step for step, _, _ in log(client)]


def member(organization: Organization, username: str) -> User:
    user: User = MembershipFactory.create(organization=organization, user__username=username).user
    return user
