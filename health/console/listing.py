"""The list of alerts: the clients' scores and last activity are read for a page at once."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from health.console.views import FIRST, VIEW_OF, VIEWS, asker_of, ordered
from health.models import Alert
from success.models import Score
from success.scores import standing
from telemetry.models import ClientActivity


class ViewFilter(admin.SimpleListFilter):
    title = _("which alerts")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(view.name, view.title) for view in VIEWS]

    def choices(self, changelist: Any) -> Any:
        _all, *views = super().choices(changelist)
        for choice, view in zip(views, VIEWS, strict=True):
            yield choice | {"selected": view.name == self.chosen.name}

    @property
    def chosen(self) -> Any:
        return VIEW_OF.get(self.value() or "", FIRST)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(self.chosen.which(asker_of(request)))


class AlertPages(Paginator):  # type: ignore[type-arg]
    """Which alerts a page shows is found first, and only of those whatever else the list shows is joined.

    In two statements: in one the planner may find the page anew for every alert there is.
    """

    def _get_page(self, object_list: Any, *args: Any, **kwargs: Any) -> Any:
        alerts: Any = self.object_list
        shown = alerts.filter(pk__in=list(object_list.values_list("pk", flat=True)))
        return super()._get_page(shown, *args, **kwargs)  # type: ignore[misc]


class AlertList(ChangeList):  # type: ignore[misc]
    result_list: Any

    @property
    def nothing_here(self) -> Any:
        """Of the view, not of what else was asked for."""
        return _("No client needs you in this view.") if self.get_filters_params().keys() <= {"view"} else ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        alerts = super().get_queryset(request, exclude_parameters)
        if self.params.get(ORDER_VAR):
            return alerts
        return ordered(alerts, VIEW_OF.get(request.GET.get("view", ""), FIRST))

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        add_standings(self.result_list)


def add_standings(alerts: Sequence[Any]) -> None:
    """Set `standing` and `last_at` of each alert's client: three queries, however many alerts."""
    clients = {alert.client_id for alert in alerts}
    newest = Score.objects.filter(client__in=clients).order_by("client_id", "-period_end").distinct("client_id")
    scores = Score.objects.with_comparison().in_bulk(list(newest.values_list("pk", flat=True)))
    standings = {score.client_id: standing(score) for score in scores.values()}
    activity = dict(ClientActivity.objects.filter(client__in=clients).values_list("client_id", "last_at"))
    for alert in alerts:
        alert.standing = standings.get(alert.client_id)
        alert.last_at = activity.get(alert.client_id)
