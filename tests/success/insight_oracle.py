"""The weekly insights as the requirements tell them, in plain Python. Shares no code with the product."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.success.oracle import History, expected_score

LOW, NORMAL, HIGH = 1, 2, 3
TREND_POINTS = 5
Insights = dict[str, tuple[int, dict[str, object]]]


def expected_insights(
    history: History, *, period_end: date, timezone: str, earlier: Mapping[date, int | None]
) -> Insights:
    """Priority and evidence by kind; `earlier` holds the overall scores of the period ends before."""
    score = expected_score(history, period_end=period_end, timezone=timezone)
    if score is None:
        return {}
    zone = ZoneInfo(timezone)
    days = [(at.astimezone(zone).date(), kind) for at, kind, _ in history.events]
    week = [(day, kind) for day, kind in days if timedelta(0) < period_end - day <= timedelta(days=7)]
    before = [day for day, _ in days if timedelta(days=7) < period_end - day <= timedelta(days=14)]
    active_days = len({day for day, _ in week})

    def made(name: str) -> int:
        return sum(kind == name for _, kind in week)

    contents, visuals, tasks = made("content_generated"), made("visual_created"), made("task_completed")
    overall = score["overall"]
    activity = {"activeDays": active_days, "events": len(week), "eventsBefore": len(before)}
    done = {"contentGenerated": contents, "visualsCreated": visuals}
    found: Insights = {
        "weekly_summary": (
            LOW,
            activity | done | {"tasksCompleted": tasks, "overall": overall} | _movement(overall, period_end, earlier),
        )
    }
    if contents or visuals:
        found["achievement"] = (NORMAL, dict(done))
    if tasks:
        found["milestone"] = (NORMAL, {"tasksCompleted": tasks})
    if active_days < 2:
        found["recommendation"] = (NORMAL if week else HIGH, dict(activity))
    ticked, onboarding = _onboarding(history, period_end, zone)
    if onboarding and 0.75 <= ticked / onboarding < 1:
        found["tip"] = (LOW, {"onboardingDone": ticked, "onboardingTasks": onboarding})
    window = {"from": str(period_end - timedelta(days=7)), "to": str(period_end - timedelta(days=1))}
    return {kind: (priority, window | evidence) for kind, (priority, evidence) in found.items()}


def _movement(overall: object, period_end: date, earlier: Mapping[date, int | None]) -> dict[str, object]:
    old = [end for end in earlier if period_end - end >= timedelta(days=7)]
    then = earlier[max(old)] if old else None
    if then is None or not isinstance(overall, int):
        return {"change": None, "trend": None}
    change = overall - then
    trend = "rising" if change >= TREND_POINTS else "declining" if change <= -TREND_POINTS else "stable"
    return {"change": change, "trend": trend}


def _onboarding(history: History, period_end: date, zone: ZoneInfo) -> tuple[int, int]:
    def is_past(moment: datetime | None) -> bool:
        return moment is not None and moment.astimezone(zone).date() < period_end

    known = [done for made, done in history.onboarding if is_past(made)]
    return sum(is_past(done) for done in known), len(known)
