"""The events behind a count: of one client, on some days, of some types. Links lead here from scores."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from telemetry.count_links import CLIENT, FIRST, LAST, NAME, TYPES
from telemetry.counted import FIRST_DAY, LAST_DAY, counted_events
from telemetry.event_types import EventType
from telemetry.models import Event

MOST_DIGITS = 18


class CountFilter(admin.ListFilter):
    """Shown only where a link has set it. Goes by the index of a client's times; a foreign client has no events."""

    title = _("counted")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.client = self._client() if self.has_output() else None

    def expected_parameters(self) -> list[str | None]:
        return [CLIENT, FIRST, LAST, TYPES, NAME]

    def has_output(self) -> bool:
        return bool(self.used_parameters)

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {
            "selected": False,
            "query_string": changelist.get_query_string(remove=self.expected_parameters()),
            "display": gettext("Everything"),
        }
        yield {"selected": True, "query_string": changelist.get_query_string(), "display": self._description()}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        if not self.has_output():
            return queryset
        types = [name for name in self._text(TYPES).split(",") if name]
        if self.client is None or not set(types) <= set(EventType.values):
            return queryset.none()
        return counted_events(
            self.client.organization_id,
            self.client.pk,
            timezone=self.client.organization.timezone,
            first=self._day(FIRST),
            last=self._day(LAST) or LAST_DAY,
            types=types,
            name=self._text(NAME),
            among=queryset,
        )

    def _client(self) -> Client | None:
        pk = self._text(CLIENT)
        if not (pk.isascii() and pk.isdecimal() and len(pk) <= MOST_DIGITS):
            return None
        return Client.objects.select_related("organization").filter(pk=int(pk)).first()

    def _day(self, name: str) -> date | None:
        try:
            return parse_date(self._text(name))
        except ValueError:
            return None

    def _text(self, name: str) -> str:
        return str(self.used_parameters.get(name, "")).replace("\0", "")

    def _description(self) -> str:
        first, last = self._day(FIRST) or FIRST_DAY, self._day(LAST)
        days = f"{date_format(first)} – {date_format(last)}" if last and self._day(FIRST) else ""
        before = gettext("until %(day)s") % {"day": date_format(last)} if last and not days else ""
        types = [str(EventType(name).label) for name in self._text(TYPES).split(",") if name in EventType.values]
        parts = [str(self.client or "–"), days or before, ", ".join(types), self._text(NAME)]
        return " · ".join(filter(None, parts))
