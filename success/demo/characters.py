"""How busy a simulated client is, day by day."""

from enum import StrEnum

HISTORY_DAYS = 120


class Character(StrEnum):
    THRIVING = "thriving"
    STEADY = "steady"
    DECLINING = "declining"
    NEW = "new"
    SILENT = "silent"
    RETURNING = "returning"


def pace(character: Character, *, days_ago: int) -> float:
    """Events to expect on a working day that lies `days_ago` before the demo's first day (after it: below 0)."""
    match character:
        case Character.THRIVING:
            return 6.5 + 2 * (HISTORY_DAYS - days_ago) / HISTORY_DAYS
        case Character.STEADY:
            return 3.6
        case Character.DECLINING:
            return 6.0 if days_ago > 60 else max(6.0 * (days_ago - 4) / 56, 0.0)
        case Character.NEW:
            return 4.5
        case Character.SILENT:
            return 4.0 if days_ago > 24 else 0.0
        case Character.RETURNING:
            return 0.0 if 16 < days_ago <= 75 else 5.0


def tasks_done(character: Character) -> int:
    """How many of the five onboarding tasks such a client has ticked off."""
    return {
        Character.THRIVING: 5,
        Character.STEADY: 4,
        Character.DECLINING: 3,
        Character.NEW: 2,
        Character.SILENT: 2,
        Character.RETURNING: 4,
    }[character]


def nps(character: Character) -> int | None:
    """The answer such a client gave; None never answered."""
    return {
        Character.THRIVING: 9,
        Character.STEADY: 8,
        Character.DECLINING: 5,
        Character.NEW: None,
        Character.SILENT: None,
        Character.RETURNING: 7,
    }[character]
