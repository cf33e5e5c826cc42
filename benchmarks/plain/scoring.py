"""Scores computed in the plain way: one client after the other, a handful of ORM queries each, from events."""

from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, Min, Q, QuerySet, Sum, When

from accounts.models import Client
from success.models import Component, Feedback, Score, ScoringPolicy, Task
from telemetry.models import DailyActivity

CENT = Decimal("0.01")
HIGH_VALUE = F("task_completed") + F("content_generated") + F("visual_created") + F("export_downloaded")


def score_client(client: Client, *, period_end: date, policy: ScoringPolicy, computed_at: datetime) -> Score:
    """The success score by the book, one query for each question."""
    zone = client.organization.timezone
    inputs = read_inputs(client, period_end=period_end, zone=zone)
    values = components(inputs, policy)
    measured = [component for component in Component if values[component] is not None]
    coverage = sum(policy.weight_of(component) for component in measured)
    overall = None
    if coverage:
        weighted = sum(((values[c] or Decimal(0)) * policy.weight_of(c) for c in measured), Decimal(0))
        overall = int((weighted / coverage).quantize(Decimal(1), ROUND_HALF_UP))
    score, _ = Score.objects.update_or_create(
        organization_id=client.organization_id,
        client=client,
        period_end=period_end,
        defaults=inputs
        | {str(component): value for component, value in values.items()}
        | {
            "policy": policy,
            "timezone": str(zone),
            "computed_at": computed_at,
            "overall": overall,
            "coverage": coverage,
            "band": "",
        },
    )
    return score


def read_inputs(client: Client, *, period_end: date, zone: ZoneInfo) -> dict[str, Any]:
    end = datetime.combine(period_end, time(), zone)
    activity = DailyActivity.objects.filter(organization_id=client.organization_id, client=client)
    month = _window(activity, period_end, 30)
    tasks = Task.objects.filter(
        organization_id=client.organization_id, client=client, is_onboarding=True, created_at__lt=end
    )
    feedback = Feedback.objects.filter(
        organization_id=client.organization_id,
        client=client,
        given_at__gte=datetime.combine(period_end - timedelta(days=180), time(), zone),
        given_at__lt=end,
    )
    first_day = activity.aggregate(first=Min("day"))["first"]
    born = min(day for day in (first_day, (client.signed_up_at or client.created_at).astimezone(zone).date()) if day)
    totals = month.aggregate(
        high_value=Sum(HIGH_VALUE), content=Sum("content_generated"), visual=Sum("visual_created"), events=Sum("total")
    )
    answers = feedback.aggregate(
        count=Count("id"), points=Sum(Case(When(kind="nps", then=F("rating") * 10), default=(F("rating") - 1) * 25))
    )
    return {
        "age_days": (period_end - born).days,
        "has_events": bool(first_day and first_day < period_end),
        "active_days_30": month.filter(total__gt=0).count(),
        "events_30": totals["events"] or 0,
        "high_value_30": totals["high_value"] or 0,
        "content_30": totals["content"] or 0,
        "visual_30": totals["visual"] or 0,
        "events_week": _window(activity, period_end, 7).aggregate(n=Sum("total"))["n"] or 0,
        "events_week_before": _window(activity, period_end - timedelta(days=7), 7).aggregate(n=Sum("total"))["n"] or 0,
        "onboarding_tasks": tasks.count(),
        "onboarding_done": tasks.filter(Q(completed_at__lt=end)).count(),
        "launch_kit_viewed": activity.filter(day__lt=period_end, launch_kit_views__gt=0).exists(),
        "feedback_180": answers["count"],
        "feedback_points": answers["points"] or 0,
    }


def _window(activity: QuerySet[DailyActivity], period_end: date, days: int) -> QuerySet[DailyActivity]:
    return activity.filter(day__gte=period_end - timedelta(days=days), day__lt=period_end)


def components(inputs: dict[str, Any], policy: ScoringPolicy) -> dict[Component, Decimal | None]:
    known = inputs["age_days"] >= policy.new_client_days or inputs["has_events"]
    weeks = inputs["events_week"], inputs["events_week_before"]
    return {
        Component.ENGAGEMENT: _points(
            (40, inputs["active_days_30"], policy.active_days_target),
            (30, inputs["events_30"], policy.events_target),
            (30, inputs["high_value_30"], policy.high_value_target),
        )
        if known
        else None,
        Component.ACTIVATION: _activation(inputs),
        Component.PROGRESS: _points(
            (50, inputs["content_30"], policy.content_target), (50, inputs["visual_30"], policy.visual_target)
        )
        if known
        else None,
        Component.SATISFACTION: (Decimal(inputs["feedback_points"]) / inputs["feedback_180"]).quantize(
            CENT, ROUND_HALF_UP
        )
        if inputs["feedback_180"]
        else None,
        Component.MOMENTUM: None
        if inputs["age_days"] < policy.momentum_client_days or 0 < sum(weeks) < policy.momentum_events
        else _momentum(*weeks),
    }


def _points(*parts: tuple[int, int, int]) -> Decimal:
    points: Decimal = sum(
        (Decimal(most) * min(Decimal(done) / target, Decimal(1)) for most, done, target in parts), Decimal(0)
    )
    return points.quantize(CENT, ROUND_HALF_UP)


def _activation(inputs: dict[str, Any]) -> Decimal | None:
    viewed = inputs["launch_kit_viewed"]
    if not inputs["onboarding_tasks"]:
        return Decimal(100) if viewed else None
    points: Decimal = Decimal(80) * inputs["onboarding_done"] / inputs["onboarding_tasks"] + 20 * viewed
    return points.quantize(CENT, ROUND_HALF_UP)


def _momentum(now: int, before: int) -> Decimal:
    if not now and not before:
        return Decimal(0)
    return (50 + Decimal(50) * (now - before) / max(now, before)).quantize(CENT, ROUND_HALF_UP)
