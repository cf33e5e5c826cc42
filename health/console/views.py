"""The questions that staff ask of the list of alerts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from health.models.alerts import AlertQuerySet, is_snoozed


@dataclass(frozen=True, slots=True)
class Asker:
    """`as_of` in the timezone that the asker reads times in."""

    user_id: int
    as_of: datetime

    @property
    def today(self) -> datetime:
        return self.as_of.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def tomorrow(self) -> datetime:
        return datetime.combine(self.today.date() + timedelta(days=1), time(), self.as_of.tzinfo)


def asker_of(request: HttpRequest) -> Asker:
    return Asker(request.user.pk or 0, timezone.localtime())


@dataclass(frozen=True, slots=True)
class View:
    """`which` are its alerts. The count of `is_counted` ones is shown beside the title."""

    name: str
    title: Any
    which: Callable[[Asker], Q]
    is_counted: bool = True


def _awake(asker: Asker) -> Q:
    return Q(resolved_at=None) & ~is_snoozed(asker.as_of)


VIEWS = (
    View("open", _("Open"), lambda asker: _awake(asker) & Q(acknowledged_at=None)),
    View("mine", _("Mine"), lambda asker: _awake(asker) & Q(owner=asker.user_id)),
    View("unassigned", _("Unassigned"), lambda asker: _awake(asker) & Q(owner=None)),
    View("new", _("New today"), lambda asker: _awake(asker) & Q(changed_at__gte=asker.today)),
    View(
        "waking",
        _("Waking today"),
        lambda asker: Q(resolved_at=None, snoozed_until__gte=asker.today, snoozed_until__lt=asker.tomorrow),
    ),
    View("acknowledged", _("Acknowledged"), lambda asker: _awake(asker) & Q(acknowledged_at__isnull=False)),
    View("snoozed", _("Snoozed"), lambda asker: Q(resolved_at=None) & is_snoozed(asker.as_of)),
    View("resolved", _("Resolved"), lambda _asker: Q(resolved_at__isnull=False), is_counted=False),
    View("all", _("All"), lambda _asker: Q(), is_counted=False),
)
VIEW_OF = {view.name: view for view in VIEWS}
FIRST = VIEWS[0]


def view_counts(alerts: AlertQuerySet, asker: Asker) -> dict[str, int]:
    """By name, in one query."""
    counted = {view.name: Count("pk", filter=view.which(asker)) for view in VIEWS if view.is_counted}
    counts: dict[str, int] = alerts.unresolved().order_by().aggregate(**counted)
    return counts


def ordered(alerts: AlertQuerySet, view: View) -> AlertQuerySet:
    """What is over is looked through from the newest, what is not from the worst."""
    return alerts.order_by("-changed_at", "-id") if view.name in {"resolved", "all"} else alerts.worst_first()
