"""The sentences that answer why, against points that plain Python adds up."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import translation

from accounts.models import Client, Organization
from success.answers import why_it_changed, why_it_is
from success.differences import difference
from success.models import Score
from success.receipts import receipt_of
from tests.sessions import sign_in
from tests.success.scored_clients import add_score, client_with_login, login_of

BEFORE = date(2026, 1, 5)
NOTHING: dict[str, Any] = {
    "overall": None, "band": "", "coverage": 0, "engagement": None, "activation": None, "progress": None,
    "momentum": None, "age_days": 1, "has_events": False, "active_days_30": 0, "events_30": 0, "high_value_30": 0,
    "content_30": 0, "visual_30": 0, "events_week": 0, "events_week_before": 0, "onboarding_tasks": 0,
    "onboarding_done": 0, "launch_kit_viewed": False,
}  # fmt: skip
SILENT = NOTHING | {
    "overall": 0, "coverage": 65, "engagement": "0.00", "progress": "0.00", "momentum": "0.00", "age_days": 200,
    "has_events": True,
}  # fmt: skip


def score_of(client: Client, period_end: date = date(2026, 1, 12), **changes: Any) -> Score:
    made = add_score(client, period_end=period_end, **changes)
    return Score.objects.select_related("policy").get(pk=made.pk)


def change(client: Client, before: dict[str, Any], after: dict[str, Any]) -> str:
    itemised = difference(score_of(client, BEFORE, **before), score_of(client, **after))
    assert itemised
    return why_it_changed(itemised)


def test_why_a_score_is_what_it_is(client_of_acme: Client, scoped: Organization) -> None:
    # 20·80/85, 25·46.5/85, 15·66.67/85, 25·37.5/85; of 25·100/85 progress lacks most.
    values = {"Activation": (20, "80"), "Engagement": (25, "46.5"), "Momentum": (15, "66.67"), "Progress": (25, "37.5")}
    points = {name: Fraction(weight) * Fraction(value) / 85 for name, (weight, value) in values.items()}
    shown = {name: f"{name} ({round(float(point), 2):.2f})" for name, point in points.items()}
    missing = round(float(Fraction(2500, 85) - points["Progress"]), 2)
    assert why_it_is(receipt_of(score_of(client_of_acme))) == (
        f"It is 55: {shown['Activation']}, {shown['Engagement']}, {shown['Momentum']} and {shown['Progress']},"
        f" together 55.29. Most is still to be had in Progress ({missing:.2f}). Satisfaction was not measured."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (NOTHING, "There is no score: nothing was measured yet."),
        (SILENT, "It is 0: nothing of what was measured has earned a point."),
    ],
)
def test_why_there_is_nothing(client_of_acme: Client, scoped: Organization, changes: dict[str, Any], text: str) -> None:
    assert why_it_is(receipt_of(score_of(client_of_acme, **changes))) == text


def test_why_it_fell(client_of_acme: Client, scoped: Organization) -> None:
    text = change(
        client_of_acme,
        {
            "events_30": 80,
            "high_value_30": 9,
            "engagement": "61.50",
            "events_week": 8,
            "momentum": "50.00",
            "overall": 57,
        },
        {"overall": 55},
    )
    assert text.startswith("It fell by 2 points since Jan. 5, 2026. Lost: Engagement (")
    assert "Gained: Momentum (2.94)" in text
    lost, gained = (sum(map(Decimal, re.findall(r"\((\d+\.\d\d)\)", half))) for half in text.split("Gained:"))
    assert gained - lost == -2


def test_why_it_rose(client_of_acme: Client, scoped: Organization) -> None:
    text = change(client_of_acme, SILENT | {"overall": 0}, {})
    assert text.startswith("It rose by 55 points since Jan. 5, 2026. Gained: Activation, newly measured (18.82),")


def test_nothing_changed(client_of_acme: Client, scoped: Organization) -> None:
    assert change(client_of_acme, {}, {}) == "Nothing has changed since Jan. 5, 2026."


def test_the_same_for_other_reasons(client_of_acme: Client, scoped: Organization) -> None:
    text = change(client_of_acme, {"content_30": 5, "progress": "43.75", "overall": 55, "events_30": 30}, {})
    assert text.startswith("It is the same as on Jan. 5, 2026. Gained: ")
    assert "Lost: Progress (" in text


def test_points_are_written_as_the_reader_writes_them(client_of_acme: Client, scoped: Organization) -> None:
    with translation.override("de"):
        assert "18,82" in why_it_is(receipt_of(score_of(client_of_acme)))


@pytest.mark.django_db
def test_the_client_reads_both_on_their_page() -> None:
    client = client_with_login()
    add_score(client, period_end=BEFORE, overall=50)
    add_score(client)
    browser = sign_in(Browser(), login_of(client))
    text = browser.get("/client/dashboard/success").content.decode()
    assert '<p id="why-text">It is 55: Activation (18.82), ' in text
    assert '<p id="change-text">It rose by 5 points since Jan. 5, 2026.' in text
