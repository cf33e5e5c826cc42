import re
from typing import Any

import pytest
from django.utils import translation

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.insights.evidence import evidence_lines
from success.insights.texts import InsightText, text_of
from success.models import Insight
from tests.success.histories import store
from tests.success.test_insights_writing import NEARLY_SET_UP, ONCE, chain
from tests.success.test_scoring import BUSY, NEW, SILENT

WEEK = {"from": "2026-11-09", "to": "2026-11-15"}
QUIET = {"activeDays": 0, "events": 0, "eventsBefore": 0}
NOTHING = WEEK | QUIET | {"contentGenerated": 0, "visualsCreated": 0, "tasksCompleted": 0}
UNSCORED = {"overall": None, "change": None, "trend": None}


def text(kind: str, evidence: dict[str, Any], action_url: str = "/somewhere") -> InsightText:
    return text_of(Insight(kind=kind, evidence=evidence, action_url=action_url))


def body(kind: str, **evidence: Any) -> str:
    return text(kind, NOTHING | UNSCORED | evidence).body


def test_a_summary_tells_the_week() -> None:
    evidence = NOTHING | {
        "activeDays": 5, "events": 1234, "eventsBefore": 1, "contentGenerated": 2, "visualsCreated": 1,
        "tasksCompleted": 3, "overall": 72, "change": 6, "trend": "rising",
    }  # fmt: skip
    assert text("weekly_summary", evidence) == InsightText(
        "Your week, November 9 to November 15",
        "You were active on 5 days with 1,234 events; in the week before there was 1 event."
        " Done: 2 pieces of content, 1 visual, 3 tasks. Your score came to 72, 6 points more than before.",
        "See why",
    )


@pytest.mark.parametrize(
    ("events", "before", "expected"),
    [
        (0, 0, "There was no activity, as in the week before."),
        (0, 8, "There was no activity; in the week before there were 8 events."),
        (1, 0, "You were active on 1 day with 1 event; in the week before there was none."),
    ],
)
def test_activity_in_words(events: int, before: int, expected: str) -> None:
    counted = {"activeDays": min(events, 1), "events": events, "eventsBefore": before}
    assert body("weekly_summary", **counted) == f"{expected} There was too little to measure a score."
    advice = "Every active day counts towards your score; a short visit is enough."
    assert body("recommendation", **counted) == f"{expected} {advice}"


@pytest.mark.parametrize(
    ("overall", "change", "expected"),
    [
        (None, None, "There was too little to measure a score."),
        (0, None, "Your score came to 0."),
        (50, 0, "Your score came to 50, as before."),
        (50, 1, "Your score came to 50, 1 point more than before."),
        (50, -1, "Your score came to 50, 1 point less than before."),
        (50, -12, "Your score came to 50, 12 points less than before."),
    ],
)
def test_the_score_in_words(overall: int | None, change: int | None, expected: str) -> None:
    quiet = "There was no activity, as in the week before."
    assert body("weekly_summary", overall=overall, change=change) == f"{quiet} {expected}"


@pytest.mark.parametrize(
    ("contents", "visuals", "expected"),
    [
        (1, 0, "You made 1 piece of content between November 9 and November 15."),
        (0, 2, "You made 2 visuals between November 9 and November 15."),
        (3, 1, "You made 3 pieces of content and 1 visual between November 9 and November 15."),
    ],
)
def test_an_achievement_names_what_was_made(contents: int, visuals: int, expected: str) -> None:
    assert body("achievement", contentGenerated=contents, visualsCreated=visuals) == expected


def test_milestones_and_tips_in_words() -> None:
    assert text("milestone", WEEK | {"tasksCompleted": 1}) == InsightText(
        "Tasks completed", "You completed 1 task between November 9 and November 15.", "See how it counts"
    )
    assert text("tip", WEEK | {"onboardingDone": 3, "onboardingTasks": 4}) == InsightText(
        "You are nearly set up",
        "By the end of November 15, 3 of your 4 onboarding tasks were done. Each of them counts towards your score.",
        "See your tasks",
    )


def test_without_an_action_there_is_no_label() -> None:
    assert text("recommendation", NOTHING, action_url="").action_label == ""
    assert text("recommendation", NOTHING).action_label == "Pick up where you left off"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_number_stands_in_the_evidence(organization: Organization, language: str) -> None:
    store(organization, [BUSY, SILENT, NEW, ONCE, NEARLY_SET_UP])
    chain(organization)
    with organization_scope(organization.pk):
        insights = list(Insight.objects.all())
    with translation.override(language):
        for insight in insights:
            numbers = {abs(value) for value in insight.evidence.values() if isinstance(value, int)} | {9, 15}
            words = text_of(insight)
            assert words.title
            assert {int(each) for each in re.findall(r"\d+", f"{words.title} {words.body}")} <= numbers
    assert {insight.kind for insight in insights} == set(Insight.Kind)


def test_evidence_is_listed_for_reading() -> None:
    evidence = {"trend": "rising", "change": 6, "events": 1234, "from": "2026-11-09", "overall": None, "new": "x<"}
    assert evidence_lines(Insight(evidence=evidence)) == [
        ("From", "Nov. 9, 2026"),
        ("Events", "1,234"),
        ("Overall score", "not measured"),
        ("Change of the score", "+6"),
        ("Trend", "Rising"),
        ("new", "x<"),
    ]
