"""How many alerts are open, for the corner of a staff page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Seat
from health.models import Alert


@dataclass(frozen=True, slots=True)
class Badge:
    """Open is what nobody has acknowledged, snoozed or resolved."""

    critical: int
    warning: int
    info: int

    @property
    def total(self) -> int:
        return self.critical + self.warning + self.info

    def as_json(self) -> dict[str, Any]:
        severities = {"critical": self.critical, "warning": self.warning, "info": self.info}
        url = settings.BASE_URL + reverse("admin:health_alert_changelist")
        return {"total": self.total, "bySeverity": severities, "url": url}


def badge_of(organization_id: int | None, *, as_of: datetime) -> Badge:
    """Of an organization, or (None) of all that the scope shows. One query."""
    alerts = Alert.objects.all() if organization_id is None else Alert.objects.filter(organization=organization_id)
    counts = dict(alerts.open_alerts(as_of=as_of).order_by().values_list("severity").annotate(count=Count("pk")))
    return Badge(*(counts.get(severity, 0) for severity in reversed(Alert.Severity)))


def badge_of_request(request: HttpRequest) -> Badge | None:
    """What the person at the admin may see; None for those who see no alerts. Asked for twice on a page, read once."""
    seat: Seat | None = getattr(request, "seat", None)
    if seat is None and not request.user.is_superuser:
        return None
    if not hasattr(request, "_alert_badge"):
        badge = badge_of(
            None if request.user.is_superuser or seat is None else seat.organization_id, as_of=timezone.now()
        )
        request._alert_badge = badge  # type: ignore[attr-defined] # noqa: SLF001
    return request._alert_badge  # type: ignore[attr-defined,no-any-return] # noqa: SLF001


def sidebar_badge(request: HttpRequest) -> str:
    """The number in the sidebar; nothing where there is nothing to do."""
    badge = badge_of_request(request)
    return str(badge.total) if badge and badge.total else ""
