"""How much a client did on each of the last thirty days."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import Client
from telemetry.models import DailyActivity

DAYS = 30


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date
    count: int


def heatmap_of(client: Client, *, today: date) -> list[DayCount]:
    """Thirty days, oldest first, the last of them today; silent days count 0."""
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    counts = dict(
        DailyActivity.objects.filter(organization=client.organization_id, client=client, day__in=days).values_list(
            "day", "total"
        )
    )
    return [DayCount(day, counts.get(day, 0)) for day in days]
