"""Timezones that mean the same in Python and in the database."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What these are depends on the machine, or they are no place at all. The database takes the last four for
# abbreviations of winter time, all the year.
NO_PLACES = {"localtime", "Factory", "posixrules", "CET", "EET", "MET", "WET"}


def is_timezone(name: str) -> bool:
    return name not in NO_PLACES and name in available_timezones()


def validate_timezone(timezone: ZoneInfo | str) -> None:
    """Days are reckoned in the database, which refuses a timezone that it does not know. Raises ValidationError."""
    if not is_timezone(str(timezone)):
        raise ValidationError(_("Choose the timezone of a place, such as Europe/Berlin."), code="invalid_timezone")


def is_repeated(local: datetime) -> bool:
    """Whether clocks are put back over this time of day, so that it comes twice."""
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second
