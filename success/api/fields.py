"""What single fields of requests may hold. Each is both the check and the documentation."""

from datetime import UTC, date, datetime
from typing import Any

from rest_framework import serializers

from success.scoring import FIRST_PERIOD_END

EXTERNAL_ID_LENGTH = 255
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


class Strict(serializers.Serializer[Any]):
    """Refuses what it does not know, by name: a misspelt filter would show too much, a misspelt field do nothing."""

    def to_internal_value(self, data: Any) -> Any:
        known = [name for name, field in self.fields.items() if not field.read_only]
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(known))):
            sentence = f"This is not known here: use {', '.join(known)}."
            raise serializers.ValidationError({key: [sentence] for key in unknown}, "unknown")
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """Text and nothing that could be turned into text, as it was sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ExternalIdField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "How the organization's own applications name the client.")
        super().__init__(max_length=EXTERNAL_ID_LENGTH, trim_whitespace=False, **kwargs)


class TrueOrFalseField(serializers.BooleanField):
    """In a body true and false; in an address their words."""

    def to_internal_value(self, data: Any) -> bool:
        found = {"true": True, "false": False}.get(data) if isinstance(data, str) else data
        if not isinstance(found, bool):
            self.fail("invalid", input=data)
        return found


class WholeNumberField(serializers.IntegerField):
    """A number of the body, not a text that looks like one."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class DayField(serializers.DateField):
    """YYYY-MM-DD, in years that can be reckoned with."""

    first = FIRST_DAY
    code = "out_of_range"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> date:
        # Other alphabets' digits would be read, and lengths other than ten.
        given = value if isinstance(value, str) and value.isascii() and len(value) == len("YYYY-MM-DD") else ""
        day: date = super().to_internal_value(given)
        if not self.first <= day <= LAST_DAY:
            raise serializers.ValidationError(f"Give a day from {self.first} to {LAST_DAY}.", code=self.code)
        return day


class PeriodEndField(DayField):
    """From the first day that can be scored."""

    first = FIRST_PERIOD_END
    code = "too_early"


class TimeField(serializers.DateTimeField):
    """A time with its offset, in years that can be reckoned with."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["iso-8601"], default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        at: datetime = super().to_internal_value(value if isinstance(value, str) and value.isascii() else "")
        if not FIRST_DAY <= at.date() <= LAST_DAY:
            raise serializers.ValidationError(f"Give a time from {FIRST_DAY} to {LAST_DAY}.", code="out_of_range")
        return at
