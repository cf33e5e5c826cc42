"""Times as one says them: near ones by the day's name."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

# Beyond it a day without its year could be meant of two years.
DAYS_WITHOUT_YEAR = 180


def moment_in_words(at: datetime, *, now: datetime) -> str:
    """In the active timezone, as one would say it at `now`."""
    local = timezone.localtime(at)
    days = (local.date() - timezone.localtime(now).date()).days
    near = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    far = "D j M" if abs(days) <= DAYS_WITHOUT_YEAR else "SHORT_DATE_FORMAT"
    return f"{near.get(days) or date_format(local, far)}, {date_format(local, 'TIME_FORMAT')}"
