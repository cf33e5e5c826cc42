"""What clients did in the week before a period end, counted by the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Sum

from success.receipts import Window, windows_before
from success.scoring import WEEK_DAYS
from telemetry.models import DailyActivity


@dataclass(frozen=True, slots=True)
class Week:
    """`activities` are those of each of its seven days."""

    window: Window
    activities: Sequence[int]
    active_days: int = 0
    tasks: int = 0
    contents: int = 0
    visuals: int = 0


def weeks_of(organization_id: int, client_ids: Sequence[int], *, period_end: date) -> dict[int, Week]:
    """Of each of these clients, in one query. Days are the organization's. Needs its scope."""
    window = windows_before(period_end)["week"]
    days = [window.first + timedelta(days=day) for day in range(WEEK_DAYS)]
    counted = (
        DailyActivity.objects.filter(organization=organization_id, client__in=client_ids, day__in=days, total__gt=0)
        .values("client_id")
        .annotate(
            days=ArrayAgg("day"),
            totals=ArrayAgg("total"),
            active_days=Count("day"),
            tasks=Sum("task_completed"),
            contents=Sum("content_generated"),
            visuals=Sum("visual_created"),
        )
    )
    silent = Week(window, [0] * len(days))
    return dict.fromkeys(client_ids, silent) | {row["client_id"]: _week(row, window, days) for row in counted}


def _week(row: Mapping[str, Any], window: Window, days: Sequence[date]) -> Week:
    activities = dict(zip(row["days"], row["totals"], strict=True))
    return Week(
        window,
        [activities.get(day, 0) for day in days],
        active_days=row["active_days"],
        tasks=row["tasks"],
        contents=row["contents"],
        visuals=row["visuals"],
    )
