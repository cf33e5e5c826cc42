"""How well past weekly scores told who would leave. See docs/backtest.md for what each figure means."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection

from success.backtest.figures import Backtest, HorizonFigures, RuleFigures, Size, area_of, difference_of, share_of
from success.backtest.intervals import ClusterSums
from success.backtest.lead_time import LeadTimes, lead_times
from success.backtest.rules import OWN_RULES, Rule
from success.backtest.statement import statement

HORIZONS = (30, 60, 90)
LONGEST_HORIZON = 730
# The planner cannot know how many observations there will be and takes one for likely, which makes each join a walk
# through everything for each.
PLAN_FOR_MANY = "SELECT set_config('work_mem', '256MB', true), set_config('enable_nestloop', 'off', true)"
PLAN_AS_USUAL = "SELECT set_config('enable_nestloop', 'on', true)"
Parts = dict[str, dict[str, Any]]


def backtest(
    organization_id: int | None,
    *,
    as_of: date,
    horizons: Sequence[int] = HORIZONS,
    since: date = date.min,
    rules: Sequence[Rule] = (),
) -> Backtest:
    """Judge the scores of an organization, or of all that the scope shows (None), in two statements.

    An observation is a weekly score with a band whose `horizon` days from its period end on lie before `as_of`, of a
    client who had not left before the period end. It was followed by churn when the client left on one of those days.
    Scores of period ends before `since` are left out. `rules` are judged beside the product's own.
    """
    wanted = sorted(set(horizons))
    parameters = {
        "organization": organization_id,
        "since": since,
        "as_of": as_of,
        "nearest": wanted[0],
        "horizons": wanted,
    }
    with connection.cursor() as cursor:
        cursor.execute(PLAN_FOR_MANY)
        cursor.execute(statement([*OWN_RULES, *rules], of_one_organization=organization_id is not None), parameters)
        parts: dict[int, Parts] = {days: defaultdict(dict) for days in wanted}
        for part, days, key, figures in cursor.fetchall():
            parts[days][part][key] = json.loads(figures)
        leads = lead_times(organization_id, horizons=wanted, since=since, as_of=as_of)
        cursor.execute(PLAN_AS_USUAL)
    return Backtest(as_of, [_figures(days, parts[days], leads[days]) for days in wanted])


def _figures(days: int, parts: Parts, leads: LeadTimes) -> HorizonFigures:
    size = Size(**parts["size"].get("", {}))
    areas = {key: area_of(**figures, size=size) for key, figures in parts["area"].items() if size.is_enough}
    difference = None
    if areas:
        squares = parts["difference"][""]["squares"]
        difference = difference_of(areas["score"].area, areas["recency"].area, squares, size=size)
    return HorizonFigures(
        days=days,
        size=size,
        **parts["left_out"].get("", {"without_number": 0, "without_band": 0}),
        rules={key: _rule(parts, key, size) for key in parts["alarm"]},
        areas=areas,
        difference=difference,
        lead_times=leads,
        cut=parts["cut"].get(""),
        curves={key: [(churned, retained) for churned, retained in curve] for key, curve in parts["curve"].items()},
    )


def _rule(parts: Parts, key: str, size: Size) -> RuleFigures:
    return RuleFigures(
        precision=share_of(ClusterSums(**parts["alarm"][key]), size=size),
        recall=share_of(ClusterSums(**parts["churned"][key]), size=size),
    )
