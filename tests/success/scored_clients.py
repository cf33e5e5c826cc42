"""Clients with a known past, for what is shown of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations
from success.models import Score, ScoringPolicy
from telemetry.models import DailyActivity
from tests.factories import ClientFactory, OrganizationFactory, UserFactory

PASSWORD = "correct horse battery"
PERIOD_END = date(2026, 1, 12)
NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)

# 40·12/20 + 30·50/100 + 30·5/20 = 46.50, 80·3/4 + 20 = 80, 50·4/8 + 50·2/8 = 37.50, 50 + 50·(12−8)/12 = 66.67;
# (25·46.50 + 20·80 + 25·37.50 + 15·66.67) / 85 = 55.29
RECEIPT: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "computed_at": datetime(2026, 1, 12, 7, 0, tzinfo=UTC),
    "overall": 55,
    "band": "attention",
    "coverage": 85,
    "engagement": "46.50",
    "activation": "80.00",
    "progress": "37.50",
    "satisfaction": None,
    "momentum": "66.67",
    "age_days": 200,
    "has_events": True,
    "active_days_30": 12,
    "events_30": 50,
    "high_value_30": 5,
    "content_30": 4,
    "visual_30": 2,
    "events_week": 12,
    "events_week_before": 8,
    "onboarding_tasks": 4,
    "onboarding_done": 3,
    "launch_kit_viewed": True,
    "feedback_180": 0,
    "feedback_points": 0,
}


def client_with_login(username: str = "ada", **fields: Any) -> Client:
    user = UserFactory.create(username=username)
    organization = fields.pop("organization", None) or OrganizationFactory.create(
        **{"name": "Acme", "slug": "acme", "timezone": "Europe/Berlin"} | fields.pop("organization_fields", {})
    )
    defaults = {"external_id": "user-1", "name": "Ada Lovelace"}
    client: Client = ClientFactory.create(organization=organization, user=user, **defaults | fields)
    return client


def login_of(client: Client) -> User:
    assert client.user is not None
    return client.user


def add_score(client: Client, *, period_end: date = PERIOD_END, **changes: Any) -> Score:
    with all_organizations():
        fields = RECEIPT | {"policy": ScoringPolicy.objects.get(organization=None, version=1)} | changes
        return Score.objects.create(
            organization_id=client.organization_id, client=client, period_end=period_end, **fields
        )


def add_activity(client: Client, counts: dict[date, int]) -> None:
    with all_organizations():
        DailyActivity.objects.bulk_create(
            DailyActivity(
                organization_id=client.organization_id, client=client, day=day, total=total, first_at=NOW, last_at=NOW
            )
            for day, total in counts.items()
        )


def full_client(*, weeks: int = 12, organization: Organization | None = None, **fields: Any) -> Client:
    """Twelve weekly scores by default, and activity on every third of the last thirty days."""
    client = client_with_login(organization=organization, **fields)
    for week in range(1, weeks):
        add_score(client, period_end=PERIOD_END - timedelta(weeks=week), overall=55 - week, band="attention")
    add_score(client)
    add_activity(client, {NOW.date() - timedelta(days=3 * n): n + 1 for n in range(10)})
    return client
