"""Where in the admin one sees what a receipt counted."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.http import urlencode

from success.behind import SOURCES, window_of
from success.models import Score
from telemetry.count_links import count_address


def evidence_address(score: Score, part: str) -> str:
    """The list of the events, tasks or answers behind a part of a score's receipt."""
    if part in SOURCES:
        source, window = SOURCES[part], window_of(score, part)
        return count_address(
            score.client_id,
            first=window.first if window else None,
            last=window.last if window else score.period_end - timedelta(days=1),
            types=source.types,
            name=source.name,
        )
    of_client = {"organization__id__exact": score.organization_id, "client__id__exact": score.client_id}
    zone = ZoneInfo(score.timezone)
    if part == "tasks":
        before = day_begins(score.period_end, zone).isoformat()
        return _list(
            "task", of_client | {"is_onboarding__exact": 1, "created_at__lt": before, "completed_at__lt": before}
        )
    window = window_of(score, part)
    if window is None:
        return _list("feedback", of_client)
    first, end = day_begins(window.first, zone), day_begins(window.last + timedelta(days=1), zone)
    return _list("feedback", of_client | {"given_at__gte": first.isoformat(), "given_at__lt": end.isoformat()})


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """In UTC. Where clocks go back at midnight to the day before, the day begins at the second one."""
    first, second = (datetime.combine(day, time(), zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first.astimezone(zone).date() == day else second


def _list(model: str, query: Mapping[str, str | int]) -> str:
    return f"{reverse(f'admin:success_{model}_changelist')}?{urlencode(query)}"
