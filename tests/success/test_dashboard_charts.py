from datetime import date, timedelta

import pytest
from django.utils import translation

from success.charts.dial import dial
from success.charts.heatmap import Label, compact, heatmap
from success.charts.history import Reading, history
from success.heatmap import DayCount

BANDS = [("at_risk", 0, 40), ("attention", 40, 60), ("good", 60, 80), ("excellent", 80, 100)]
SUNDAY = date(2026, 1, 4)


def days(first: date, counts: list[int]) -> list[DayCount]:
    return [DayCount(first + timedelta(days=n), count) for n, count in enumerate(counts)]


def test_the_dial_runs_from_lower_left_to_lower_right() -> None:
    full = dial(100, bands=BANDS)
    assert full.value == full.track == "M37.25 152.00A84 84 0 1 1 182.75 152.00"


def test_the_dial_is_empty_without_a_score_but_not_at_zero() -> None:
    assert dial(None, bands=BANDS).value == ""
    assert dial(0, bands=BANDS).value.startswith("M37.25 152.00A")


def test_the_dials_scale_has_an_arc_for_each_band() -> None:
    assert [arc.band for arc in dial(50, bands=BANDS).scale] == ["at_risk", "attention", "good", "excellent"]


def test_weeks_are_columns_that_begin_as_the_locale_has_it() -> None:
    two_days = days(SUNDAY - timedelta(days=1), [1, 1])
    with translation.override("en"):
        assert [(square.x, square.y) for square in heatmap(two_days).squares] == [(44, 256), (83, 22)]
    with translation.override("en-gb"):
        assert [(square.x, square.y) for square in heatmap(two_days).squares] == [(44, 217), (44, 256)]


def test_levels_are_quarters_of_the_busiest_day() -> None:
    counts = [0, 1, 25, 26, 50, 51, 75, 76, 100]
    assert [square.level for square in heatmap(days(SUNDAY, counts)).squares] == [0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_single_event_is_not_a_busy_day() -> None:
    assert [square.level for square in heatmap(days(SUNDAY, [0, 1, 2])).squares] == [0, 1, 2]


def test_months_stand_over_their_first_column_unless_the_next_follows_at_once() -> None:
    with translation.override("en"):
        assert heatmap(days(date(2026, 1, 20), [0] * 30)).months == [Label("Jan", 44, 10), Label("Feb", 122, 10)]
    with translation.override("en-gb"):
        assert heatmap(days(date(2026, 1, 31), [0] * 20)).months == [Label("Feb", 44, 10)]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1k"), (12_999, "12k"), (3_400_000, "3M"), (10**12, "1T")]
)
def test_large_counts_are_shortened(count: int, text: str) -> None:
    assert compact(count) == text


def test_the_line_breaks_where_there_is_no_number() -> None:
    weeks = [(0, 0), (1, 50), (2, None), (3, 100), (4, 100)]
    readings = [Reading(SUNDAY + timedelta(weeks=week), overall, "good") for week, overall in weeks]
    chart = history(readings, bands=BANDS)
    assert chart.line == "M0.0 262L250.0 137M750.0 12L1000.0 12"
    assert [(dot.x, dot.y) for dot in chart.dots] == [
        ("0.00%", "262"),
        ("25.00%", "137"),
        ("75.00%", "12"),
        ("100.00%", "12"),
    ]


def test_a_lone_score_stands_in_the_middle() -> None:
    chart = history([Reading(SUNDAY, 50, "attention")], bands=BANDS)
    assert ([dot.x for dot in chart.dots], [tick.x for tick in chart.ticks]) == (["50.00%"], ["50%"])


def test_three_dates_stand_under_a_long_history() -> None:
    chart = history([Reading(SUNDAY + timedelta(weeks=week), 50, "") for week in range(53)], bands=BANDS)
    assert [(tick.x, tick.anchor) for tick in chart.ticks] == [
        ("0.00%", "start"),
        ("50.00%", "middle"),
        ("100.00%", "end"),
    ]
    assert len(chart.dots) == 1


def test_the_zones_fill_the_chart() -> None:
    assert [(zone.y, zone.height) for zone in history([], bands=BANDS).zones] == [
        ("162", "100"),
        ("112", "50"),
        ("62", "50"),
        ("12", "50"),
    ]
