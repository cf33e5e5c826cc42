"""The counts that an insight rests on, by the names that people read."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from success.models import Insight
from success.scores import Trend

LABELS: Mapping[str, Any] = {
    "from": gettext_lazy("From"),
    "to": gettext_lazy("To"),
    "activeDays": gettext_lazy("Active days"),
    "events": gettext_lazy("Events"),
    "eventsBefore": gettext_lazy("Events in the week before"),
    "contentGenerated": gettext_lazy("Contents generated"),
    "visualsCreated": gettext_lazy("Visuals created"),
    "tasksCompleted": gettext_lazy("Tasks completed"),
    "onboardingDone": gettext_lazy("Onboarding tasks done"),
    "onboardingTasks": gettext_lazy("Onboarding tasks"),
    "overall": gettext_lazy("Overall score"),
    "change": gettext_lazy("Change of the score"),
    "trend": gettext_lazy("Trend"),
}
DAYS = {"from", "to"}


def evidence_lines(insight: Insight, *, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Label and value in the active language, in an order for reading; names that are not known come last."""
    known = [name for name in LABELS if name in insight.evidence and name not in without]
    others = sorted(insight.evidence.keys() - LABELS.keys())
    return [(str(LABELS.get(name, name)), _shown(name, insight.evidence[name])) for name in [*known, *others]]


def _shown(name: str, value: Any) -> str:
    if value is None:
        return _("not measured")
    if name in DAYS:
        return date_format(date.fromisoformat(value))
    if name == "trend":
        return str(Trend(value).label)
    if name == "change" and value > 0:
        return f"+{value}"
    return number_format(value, force_grouping=True) if isinstance(value, int) else str(value)
