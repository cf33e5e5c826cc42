"""Days as the mails of a run write them: few, and each in thousands of mails."""

from datetime import date
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language


def written_day(day: date) -> str:
    """In the active language."""
    return _written(day, get_language())


@lru_cache(maxsize=4096)
def _written(day: date, _language: str) -> str:
    return date_format(day)
