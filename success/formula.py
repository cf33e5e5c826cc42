"""The success score's formula, once: a text of SQL over two relations.

`inputs` is what was counted of a client, `policy` holds weights, targets and thresholds. The weekly job, the receipt
and the comparison of two policies all run this text, so they cannot disagree. It calculates with whole numbers, the
parts of a component as numerators over one denominator: nothing is rounded but components (half up, two decimals)
and the overall score (half up, from the rounded components, so that anybody can check it from the page).
"""

from collections.abc import Iterable, Mapping

from success.models import Component

INPUTS = (
    "age_days",
    "has_events",
    "active_days_30",
    "events_30",
    "high_value_30",
    "content_30",
    "visual_30",
    "events_week",
    "events_week_before",
    "onboarding_tasks",
    "onboarding_done",
    "launch_kit_viewed",
    "feedback_180",
    "feedback_points",
)
RESULTS = ("overall", "band", "coverage", *(str(component) for component in Component))

TARGETS = ("active_days_target", "events_target", "high_value_target", "content_target", "visual_target")
THRESHOLDS = (
    "new_client_days",
    "momentum_client_days",
    "momentum_events",
    "excellent_from",
    "good_from",
    "attention_from",
    "band_coverage",
)
POLICY = (*(f"{component}_weight" for component in Component), *TARGETS, *THRESHOLDS)

# What the parts of a component add up to, as numerators; the unit is the denominator that they share.
PARTS: Mapping[Component, Mapping[str, str]] = {
    Component.ENGAGEMENT: {
        "active_days": "40 * least(active_days_30, active_days_target)::bigint * events_target * high_value_target",
        "events": "30 * least(events_30, events_target)::bigint * active_days_target * high_value_target",
        "high_value": "30 * least(high_value_30, high_value_target)::bigint * active_days_target * events_target",
    },
    Component.ACTIVATION: {
        "tasks": "80 * onboarding_done::bigint",
        "launch_kit": "CASE WHEN NOT launch_kit_viewed THEN 0 WHEN onboarding_tasks = 0 THEN 100"
        " ELSE 20 * onboarding_tasks::bigint END",
    },
    Component.PROGRESS: {
        "content": "50 * least(content_30, content_target)::bigint * visual_target",
        "visuals": "50 * least(visual_30, visual_target)::bigint * content_target",
    },
    Component.SATISFACTION: {"answers": "feedback_points::bigint"},
    Component.MOMENTUM: {
        "level": "50 * greatest(events_week, events_week_before)::bigint",
        "movement": "50 * (events_week::bigint - events_week_before)",
    },
}
UNITS: Mapping[Component, str] = {
    Component.ENGAGEMENT: "(active_days_target::bigint * events_target * high_value_target)",
    Component.ACTIVATION: "greatest(onboarding_tasks, 1)::bigint",
    Component.PROGRESS: "(content_target::bigint * visual_target)",
    Component.SATISFACTION: "greatest(feedback_180, 1)::bigint",
    Component.MOMENTUM: "greatest(events_week, events_week_before, 1)::bigint",
}
KNOWN_LONG_ENOUGH = "(age_days >= new_client_days OR has_events)"
MEASURED: Mapping[Component, str] = {
    Component.ENGAGEMENT: KNOWN_LONG_ENOUGH,
    Component.ACTIVATION: "(onboarding_tasks > 0 OR launch_kit_viewed)",
    Component.PROGRESS: KNOWN_LONG_ENOUGH,
    Component.SATISFACTION: "feedback_180 > 0",
    Component.MOMENTUM: "(age_days >= momentum_client_days"
    " AND (events_week + events_week_before = 0 OR events_week + events_week_before >= momentum_events))",
}


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(f"({term})" for term in terms)


def _hundredths(component: Component) -> str:
    """Half up: the numerators are never negative together, so that whole division rounds down."""
    numerator, unit = _sum(PARTS[component].values()), UNITS[component]
    points = f"(200 * ({numerator}) + {unit}) / (2 * {unit})"
    return f"CASE WHEN {MEASURED[component]} THEN {points} END AS {component}_hundredths"


# Parts and units as columns, for receipts; the weekly job does without.
PART_COLUMNS = ", ".join(
    [
        *(f"{text} AS {component}_{part}" for component in Component for part, text in PARTS[component].items()),
        *(f"{unit} AS {component}_unit" for component, unit in UNITS.items()),
    ]
)

# `inputs` and `policy` in, all of their columns and the results out. OFFSET 0 keeps the planner from
# writing an expression out again, and so calculating it again, wherever the next level mentions it.
FORMULA = f"""
SELECT *,
    CASE WHEN overall IS NULL OR coverage < band_coverage THEN ''
         WHEN overall >= excellent_from THEN 'excellent'
         WHEN overall >= good_from THEN 'good'
         WHEN overall >= attention_from THEN 'attention'
         ELSE 'at_risk' END AS band,
    {", ".join(f"({component}_hundredths * 0.01)::numeric(5, 2) AS {component}" for component in Component)}
FROM (
    SELECT *, (2 * weighted + 100 * coverage) / nullif(200 * coverage, 0) AS overall
    FROM (
        SELECT *,
            {_sum(f"coalesce({c}_hundredths * {c}_weight, 0)" for c in Component)} AS weighted,
            {_sum(f"CASE WHEN {c}_hundredths IS NULL THEN 0 ELSE {c}_weight END" for c in Component)} AS coverage
        FROM (SELECT *, {", ".join(map(_hundredths, Component))} FROM inputs CROSS JOIN policy OFFSET 0) AS components
        OFFSET 0
    ) AS totals
    OFFSET 0
) AS results
"""
POLICY_ROW = f"SELECT id AS policy_id, {', '.join(POLICY)} FROM success_scoringpolicy WHERE id = %(policy)s"
