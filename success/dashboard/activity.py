"""The last thirty days in three numbers and a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.dashboard.numbers import points_text, whole
from success.heatmap import DayCount


@dataclass(frozen=True)
class Activity:
    total: int
    active_days: int
    days: Sequence[DayCount]

    @property
    def most(self) -> int:
        """On one day; at least 1, as what bars are drawn in relation to."""
        return max((day.count for day in self.days), default=0) or 1

    @property
    def total_text(self) -> str:
        return whole(self.total)

    @property
    def average_text(self) -> str:
        """Over all days, silent ones too."""
        average = Fraction(self.total, len(self.days) or 1)
        return points_text(average, decimals=1) if 0 < average < 100 else whole(round(average))

    @property
    def summary(self) -> str:
        if not self.total:
            return _("No activity in the last 30 days.")
        busiest = max(self.days, key=lambda day: day.count)
        text = ngettext(
            "%(count)s activity on %(days)s. The busiest was %(day)s with %(most)s.",
            "%(count)s activities on %(days)s. The busiest was %(day)s with %(most)s.",
            self.total,
        )
        days = ngettext("%(count)d day", "%(count)d days", self.active_days) % {"count": self.active_days}
        return text % {
            "count": self.total_text,
            "days": days,
            "day": date_format(busiest.day),
            "most": whole(busiest.count),
        }


def activity_of(days: Sequence[DayCount]) -> Activity:
    return Activity(sum(day.count for day in days), sum(day.count > 0 for day in days), days)
