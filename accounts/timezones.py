"""Timezones that mean the same in Python and in the database."""

from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What these are depends on the machine, or they are no place at all.
NO_PLACES = {"localtime", "Factory", "posixrules"}


def is_timezone(name: str) -> bool:
    return name not in NO_PLACES and name in available_timezones()


def validate_timezone(timezone: ZoneInfo | str) -> None:
    """Days are reckoned in the database, which refuses a timezone that it does not know. Raises ValidationError."""
    if not is_timezone(str(timezone)):
        raise ValidationError(_("Choose the timezone of a place, such as Europe/Berlin."), code="invalid_timezone")
