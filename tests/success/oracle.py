"""The success score as the requirements tell it, in plain Python, from raw lists. Shares no code with the product."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

HIGH_VALUE = {"task_completed", "content_generated", "visual_created", "export_downloaded"}
DEFAULT_POLICY = {
    "engagement_weight": 25,
    "activation_weight": 20,
    "progress_weight": 25,
    "satisfaction_weight": 15,
    "momentum_weight": 15,
    "active_days_target": 20,
    "events_target": 100,
    "high_value_target": 20,
    "content_target": 8,
    "visual_target": 8,
    "new_client_days": 7,
    "momentum_client_days": 14,
    "momentum_events": 5,
    "excellent_from": 80,
    "good_from": 60,
    "attention_from": 40,
    "band_coverage": 50,
}


@dataclass
class History:
    """All that is known of a client: events as (time, base type, launch kit?), feedback as (time, kind, rating)."""

    created_at: datetime
    signed_up_at: datetime | None = None
    events: list[tuple[datetime, str, bool]] = field(default_factory=list)
    onboarding: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    feedback: list[tuple[datetime, str, int]] = field(default_factory=list)


def expected_score(
    history: History, *, period_end: date, timezone: str, policy: Mapping[str, int] = DEFAULT_POLICY
) -> dict[str, object] | None:
    """The row's results; None for a client that was not there before the period end."""
    zone = ZoneInfo(timezone)

    def day(moment: datetime) -> date:
        return moment.astimezone(zone).date()

    began = history.signed_up_at or history.created_at
    born = min([began, *(at for at, _, _ in history.events)])
    age = (period_end - day(born)).days
    if age <= 0:
        return None
    past = [(day(at), kind, kit) for at, kind, kit in history.events if day(at) < period_end]
    is_new_and_silent = age < policy["new_client_days"] and not past
    components = {
        "engagement": None if is_new_and_silent else _engagement(_last(past, 30, period_end), policy),
        "activation": _activation(
            [
                done is not None and day(done) < period_end
                for made, done in history.onboarding
                if day(made) < period_end
            ],
            viewed=any(kit for _, _, kit in past),
        ),
        "progress": None if is_new_and_silent else _progress(_last(past, 30, period_end), policy),
        "satisfaction": _satisfaction(
            [
                (kind, rating)
                for at, kind, rating in history.feedback
                if period_end - timedelta(days=180) <= day(at) < period_end
            ]
        ),
        "momentum": _momentum(
            len(_last(past, 7, period_end)), len(_last(past, 7, period_end - timedelta(days=7))), age, policy
        ),
    }
    return _overall({name: _half_up(value, 2) for name, value in components.items()}, policy)


def _last(past: Sequence[tuple[date, str, bool]], days: int, end: date) -> list[tuple[date, str]]:
    return [(at, kind) for at, kind, _ in past if end - timedelta(days=days) <= at < end]


def _share(count: int, target: int) -> Fraction:
    return min(Fraction(count, target), Fraction(1))


def _engagement(month: Sequence[tuple[date, str]], policy: Mapping[str, int]) -> Fraction:
    return (
        40 * _share(len({at for at, _ in month}), policy["active_days_target"])
        + 30 * _share(len(month), policy["events_target"])
        + 30 * _share(sum(kind in HIGH_VALUE for _, kind in month), policy["high_value_target"])
    )


def _activation(done: Sequence[bool], *, viewed: bool) -> Fraction | None:
    if not done:
        return Fraction(100) if viewed else None
    return 80 * Fraction(sum(done), len(done)) + 20 * viewed


def _progress(month: Sequence[tuple[date, str]], policy: Mapping[str, int]) -> Fraction:
    contents = sum(kind == "content_generated" for _, kind in month)
    visuals = sum(kind == "visual_created" for _, kind in month)
    return 50 * _share(contents, policy["content_target"]) + 50 * _share(visuals, policy["visual_target"])


def _satisfaction(answers: Sequence[tuple[str, int]]) -> Fraction | None:
    points = [rating * 10 if kind == "nps" else (rating - 1) * 25 for kind, rating in answers]
    return Fraction(sum(points), len(points)) if points else None


def _momentum(e1: int, e2: int, age: int, policy: Mapping[str, int]) -> Fraction | None:
    if age < policy["momentum_client_days"] or 0 < e1 + e2 < policy["momentum_events"]:
        return None
    return 50 + 50 * Fraction(e1 - e2, max(e1, e2)) if e1 or e2 else Fraction(0)


def _half_up(value: Fraction | None, digits: int) -> Fraction | None:
    return None if value is None else Fraction(math.floor(value * 10**digits + Fraction(1, 2)), 10**digits)


def _overall(components: Mapping[str, Fraction | None], policy: Mapping[str, int]) -> dict[str, object]:
    measured = {name: value for name, value in components.items() if value is not None}
    coverage = sum(policy[f"{name}_weight"] for name in measured)
    overall = None
    if coverage:
        mean = sum(policy[f"{name}_weight"] * value for name, value in measured.items()) / Fraction(coverage)
        overall = math.floor(mean + Fraction(1, 2))
    return {"overall": overall, "band": _band(overall, coverage, policy), "coverage": coverage, **components}


def _band(overall: int | None, coverage: int, policy: Mapping[str, int]) -> str:
    if overall is None or coverage < policy["band_coverage"]:
        return ""
    for band in ("excellent", "good", "attention"):
        if overall >= policy[f"{band}_from"]:
            return band
    return "at_risk"
