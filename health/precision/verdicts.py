"""What members said of alerts: of those judged, the share that was useful."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from health.models import Alert
from success.feedback.figures import Interval, wilson_interval

DAYS = 180
FEWEST_VERDICTS = 5


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of a kind's alerts, `judged` have a verdict. An alert counts as the kind that it is, or last was."""

    kind: Alert.Kind
    alerts: int
    judged: int
    useful: int

    @property
    def is_enough(self) -> bool:
        return self.judged >= FEWEST_VERDICTS

    @property
    def share(self) -> float | None:
        """The precision; None where too few were judged."""
        return self.useful / self.judged if self.is_enough else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's, 95 %: as if the judged alerts were drawn by chance, which members do not do."""
        return wilson_interval(self.useful, self.judged) if self.is_enough else None


def verdicts(organization_id: int | None, *, as_of: datetime, days: int = DAYS) -> list[Verdicts]:
    """For each kind, of the alerts opened in the `days` before `as_of`; None: of all organizations in scope."""
    alerts = Alert.objects.filter(opened_at__gt=as_of - timedelta(days=days), opened_at__lte=as_of)
    if organization_id is not None:
        alerts = alerts.filter(organization=organization_id)
    counted: dict[str, Any] = {
        row["kind"]: row
        for row in alerts.order_by()
        .values("kind")
        .annotate(
            alerts=Count("pk"),
            judged=Count("pk", filter=~Q(verdict="")),
            useful=Count("pk", filter=Q(verdict=Alert.Verdict.USEFUL)),
        )
    }
    nothing = {"alerts": 0, "judged": 0, "useful": 0}
    return [Verdicts(kind, **{name: counted.get(kind, nothing)[name] for name in nothing}) for kind in Alert.Kind]
