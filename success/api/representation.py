"""Scores as JSON."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from success.answers import why_it_changed, why_it_is
from success.differences import Item, ScoreDifference
from success.heatmap import DayCount
from success.models import Component, Score
from success.receipts import ComponentReceipt, Receipt
from success.scores import Standing

COMPONENT_INPUTS: Mapping[Component, Mapping[str, str]] = {
    Component.ENGAGEMENT: {
        "activeDays": "active_days_30",
        "events": "events_30",
        "highValueEvents": "high_value_30",
        "ageDays": "age_days",
        "hasEvents": "has_events",
    },
    Component.ACTIVATION: {
        "onboardingTasks": "onboarding_tasks",
        "onboardingDone": "onboarding_done",
        "launchKitViewed": "launch_kit_viewed",
    },
    Component.PROGRESS: {
        "contentGenerated": "content_30",
        "visualsCreated": "visual_30",
        "ageDays": "age_days",
        "hasEvents": "has_events",
    },
    Component.SATISFACTION: {"answers": "feedback_180", "points": "feedback_points"},
    Component.MOMENTUM: {"eventsWeek": "events_week", "eventsWeekBefore": "events_week_before", "ageDays": "age_days"},
}


def score_json(standing: Standing) -> dict[str, Any]:
    score = standing.score
    return {
        "overall": score.overall,
        "band": score.band or None,
        "trend": standing.trend,
        "change": standing.change,
        "coverage": score.coverage,
        "periodEnd": score.period_end,
        "policyVersion": score.policy.version,
        "components": {str(component): _component_json(component, score) for component in Component},
    }


def _component_json(component: Component, score: Score) -> dict[str, Any]:
    value: Decimal | None = getattr(score, component)
    return {
        "value": None if value is None else float(value),
        "weight": score.policy.weight_of(component),
        "measured": value is not None,
        "inputs": {name: getattr(score, column) for name, column in COMPONENT_INPUTS[component].items()},
    }


def heatmap_json(days: Sequence[DayCount]) -> list[dict[str, Any]]:
    return [{"date": day.day, "count": day.count} for day in days]


def explanation_json(receipt: Receipt, difference: ScoreDifference | None) -> dict[str, str | None]:
    """Sentences in the language that was asked for."""
    return {"why": why_it_is(receipt), "change": why_it_changed(difference) if difference else None}


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    score = receipt.score
    return {
        "timezone": score.timezone,
        "computedAt": score.computed_at,
        "policy": {
            "version": receipt.policy.version,
            "isPlatformDefault": receipt.policy.organization_id is None,
            "effectiveOn": receipt.policy.effective_on,
        },
        "windows": {name: {"first": window.first, "last": window.last} for name, window in receipt.windows.items()},
        "components": {str(line.component): _line_json(line) for line in receipt.components},
        "mean": _points(receipt.mean),
    }


def _line_json(line: ComponentReceipt) -> dict[str, Any]:
    return {
        "value": None if line.value is None else float(line.value),
        "weight": line.weight,
        "contribution": _points(line.contribution),
        "notMeasuredBecause": line.reason or None,
        "parts": [
            {
                "name": part.name,
                "counted": part.counted,
                "target": part.target,
                "points": _points(part.points),
                "most": part.most,
            }
            for part in line.parts
        ],
    }


def difference_json(difference: ScoreDifference) -> dict[str, Any]:
    return {
        "from": difference.before.period_end,
        "to": difference.after.period_end,
        "change": difference.change,
        "items": [_item_json(item) for item in difference.items],
    }


def _item_json(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "component": item.component,
        "points": float(item.shown),
        "before": _points(item.before),
        "after": _points(item.after),
    }


def _points(points: Fraction | None) -> float | None:
    """To four decimals, for reading; exact sums are the difference's `points`."""
    return None if points is None else round(float(points), 4)
