"""The single events behind a count of daily activity."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from telemetry.event_types import Category
from telemetry.models import Event

# No event happened before; where the calendar ends there is nothing to count either.
FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(9000, 1, 1)
FURTHEST_FROM_UTC = timedelta(hours=16)


def counted_events(
    organization_id: int,
    client_id: int,
    *,
    timezone: tzinfo,
    first: date | None,
    last: date,
    types: Collection[str] = (),
    name: str = "",
    among: QuerySet[Event] | None = None,
) -> QuerySet[Event]:
    """What a client did on the days from `first` (None: ever) to `last`, both included, in a timezone.

    Needs the organization's scope. Goes by the index of the client's times; the local date decides only inside of
    that range, which is exact where clocks go back over midnight too. Each has its `day`. Not ordered.
    """
    first = max(first or FIRST_DAY, FIRST_DAY)
    last = min(last, LAST_DAY)
    events = (Event.objects.all() if among is None else among).filter(
        organization=organization_id,
        client=client_id,
        category=Category.ENGAGEMENT,
        occurred_at__gte=_midnight(first) - FURTHEST_FROM_UTC,
        occurred_at__lt=_midnight(last) + timedelta(days=1) + FURTHEST_FROM_UTC,
    )
    if types:
        events = events.filter(base_type__in=types)
    if name:
        events = events.filter(name=name)
    return events.annotate(day=TruncDate("occurred_at", tzinfo=timezone)).filter(day__gte=first, day__lte=last)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
