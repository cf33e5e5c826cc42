"""When a client reaches a milestone, in plain Python, from raw lists. Shares no code with the product."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from tests.success.oracle import History

TYPE_OF = {
    "logins": "login",
    "page_views": "page_view",
    "tasks_completed": "task_completed",
    "content_generated": "content_generated",
    "visuals_created": "visual_created",
    "voice_interactions": "voice_interaction",
    "insights_reviewed": "insight_reviewed",
    "exports_downloaded": "export_downloaded",
    "feedback_given": "feedback_given",
}


def reached(
    history: History, *, measure: str, threshold: int, timezone: str, scores: Sequence[tuple[date, int]] = ()
) -> tuple[date, int] | None:
    """The day and what it had come to at its end; None when it was not reached."""
    if measure == "score":
        return next(((day, overall) for day, overall in sorted(scores) if overall >= threshold), None)
    zone = ZoneInfo(timezone)
    if measure == "onboarding_percent":
        done = [completed.astimezone(zone).date() for _, completed in history.onboarding if completed]
        return _first(done, whole=len(history.onboarding), threshold=threshold)
    days = [(at.astimezone(zone).date(), kind) for at, kind, _ in history.events]
    if measure == "active_days":
        return _first(sorted({day for day, _ in days}), threshold=threshold)
    wanted = TYPE_OF.get(measure)
    return _first([day for day, kind in days if wanted is None or kind == wanted], threshold=threshold)


def _first(days: Sequence[date], *, threshold: int, whole: int | None = None) -> tuple[date, int] | None:
    for day in sorted(set(days)):
        value = sum(each <= day for each in days)
        value = 100 * value // whole if whole else value
        if value >= threshold:
            return day, value
    return None
