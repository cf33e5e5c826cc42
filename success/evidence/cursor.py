"""Where a page of events goes on: after an event, in the order of time and id, newest first."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from django.db.models import Q, QuerySet

from telemetry.models import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Beyond it no event and no date of Python's lies.
MOST = 10**17


@dataclass(frozen=True)
class Cursor:
    at: datetime
    pk: int

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(event.occurred_at, event.pk)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what no page gave out: the list then begins at its beginning."""
        microseconds, _separator, pk = text.partition("_")
        if not all(number.isascii() and number.isdecimal() and len(number) < 19 for number in (microseconds, pk)):
            return None
        return cls(EPOCH + int(microseconds) * MICROSECOND, int(pk)) if int(microseconds) < MOST else None

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}_{self.pk}"


def newest_first(events: QuerySet[Event], *, after: Cursor | None) -> QuerySet[Event]:
    if after is not None:
        events = events.filter(Q(occurred_at__lt=after.at) | Q(occurred_at=after.at, pk__lt=after.pk))
        # The index takes a plain bound, not one of two.
        events = events.filter(occurred_at__lte=after.at)
    return events.order_by("-occurred_at", "-pk")
