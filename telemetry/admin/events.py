"""The newest events. No index is made for this page: it looks at what was received lately, or by a name."""

from datetime import timedelta
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Client
from telemetry.admin.count_filter import CountFilter
from telemetry.admin.read_only import ReadOnlyAdmin
from telemetry.count_links import CLIENT
from telemetry.models import Event

MOST_COUNTED = 1_000
ANY_TIME = "any"
PERIODS = {"1": timedelta(hours=1), "24": timedelta(days=1), "168": timedelta(days=7), "744": timedelta(days=31)}
DEFAULT_PERIOD = "24"
NAMES_IN = PERIODS["744"]


class BoundedPaginator(Paginator[Any]):
    """Counts no further than the pages that anybody turns to."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Event]", self.object_list)
        return rows.order_by()[:MOST_COUNTED].count()


class ReceivedFilter(admin.SimpleListFilter):
    title = _("received")
    parameter_name = "received"

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        self.is_search = bool(request.GET.get("q") or request.GET.get(CLIENT))
        super().__init__(request, *arguments)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("1", _("In the last hour")),
            (DEFAULT_PERIOD, _("In the last day")),
            ("168", _("In the last 7 days")),
            ("744", _("In the last 31 days")),
            (ANY_TIME, _("At any time")),
        ]

    def choices(self, changelist: Any) -> Any:
        # Without "All": looking at everything is to be asked for.
        return list(super().choices(changelist))[1:]

    def value(self) -> Any:
        return super().value() or (ANY_TIME if self.is_search else DEFAULT_PERIOD)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        period = PERIODS.get(self.value())
        if period is None:
            return queryset
        return _received_in(queryset, period)


def _received_in(queryset: QuerySet[Event], period: timedelta) -> QuerySet[Event]:
    since = timezone.now() - period
    return queryset.filter(received_at__gte=since, received_month__gte=since.date().replace(day=1))


class EventList(ChangeList):
    def url_for_result(self, result: Any) -> str:
        return event_address(result)


def event_address(event: Event) -> str:
    """By message id, which has an index; the table's id has none."""
    return reverse("admin:telemetry_event_change", args=[quote(f"{event.organization_id}-{event.message_id}")])


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("name", "base_type", "client", "occurred_at", "received_at", "category", "success", "organization")
    list_filter = (CountFilter, ReceivedFilter, "category", "base_type", "success")
    list_select_related = ("client", "organization")
    list_per_page = 50
    search_fields = ("message_id",)
    search_help_text = _("A client's external id, an event's name or a message id, in full")
    ordering = ("-received_at", "-id")
    paginator = BoundedPaginator
    fields: ClassVar = (
        ("name", "base_type", "category", "call"),
        ("client", "anonymous_id", "organization"),
        ("occurred_at", "original_at", "sent_at", "received_at"),
        ("success", "duration_seconds", "session_id", "page_path"),
        "data",
        "message_id",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if request.user.is_superuser:
            return self.fields
        return [
            tuple(name for name in row if name != "organization") if isinstance(row, tuple) else row
            for row in self.fields
        ]

    def get_changelist(self, request: HttpRequest, **arguments: Any) -> Any:
        return EventList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """What is found goes by one index, never by one condition or another."""
        if not search_term:
            return queryset, False
        clients = list(Client.objects.filter(external_id=search_term).values_list("pk", flat=True))
        if clients:
            return queryset.filter(client__in=clients), False
        if queryset.filter(message_id=search_term).exists():
            return queryset.filter(message_id=search_term), False
        lately = queryset if ReceivedFilter.parameter_name in request.GET else _received_in(queryset, NAMES_IN)
        return lately.filter(name=search_term), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Event | None:
        organization_id, _separator, message_id = object_id.partition("-")
        if not organization_id.isdecimal() or len(organization_id) > 18:
            return None
        found: Event | None = (
            self.get_queryset(request).filter(organization_id=int(organization_id), message_id=message_id).first()
        )
        return found
