from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.insights.actions import act_on_insight, dismiss_insight, read_insight
from success.insights.writing import UnableToWriteInsightsError, Written, write_insights
from success.models import Insight, Score
from success.scoring import score_clients
from telemetry.models import DailyActivity
from tests.success.histories import store
from tests.success.oracle import History
from tests.success.test_scoring import BUSY, LATER, LONG_AGO, NEW, NOW, PERIOD_END, SILENT, UNBORN, days_before

ONCE = History(
    created_at=LONG_AGO, events=[(days_before(2), "login", False), (days_before(2), "task_completed", False)]
)
NEARLY_SET_UP = History(
    created_at=LONG_AGO,
    events=[(days_before(back), "page_view", False) for back in (1, 3, 9)],
    onboarding=[(LONG_AGO, days_before(20))] * 3 + [(LONG_AGO, None)],
)
WEEK = {"from": "2026-11-09", "to": "2026-11-15"}


def chain(organization: Organization, **options: Any) -> Written:
    """Scores and then insights; needs no scope."""
    times = {"period_end": PERIOD_END, "created_at": NOW} | options
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=times["period_end"], computed_at=times["created_at"])
        return write_insights(organization.pk, **times)


def told(organization: Organization) -> dict[tuple[str, str], tuple[int, dict[str, Any]]]:
    with organization_scope(organization.pk):
        rows = Insight.objects.values_list("client__external_id", "kind", "priority", "evidence")
        return {(client, kind): (priority, evidence) for client, kind, priority, evidence in rows}


def kinds(organization: Organization) -> list[tuple[str, str]]:
    return sorted(told(organization))


def versions() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text, xmax::text, ctid::text FROM success_insight ORDER BY id")
        return list(cursor.fetchall())


def add_events(client: int, day: date, **counts: int) -> None:
    """Late ones."""
    at = datetime.combine(day, datetime.min.time(), UTC)
    organization = Client.objects.get(pk=client).organization
    DailyActivity.objects.create(
        organization=organization,
        client_id=client,
        day=day,
        first_at=at,
        last_at=at,
        total=sum(counts.values()),
        **counts,
    )


def test_each_rule_tells_what_it_counted(organization: Organization) -> None:
    store(organization, [BUSY, ONCE, NEARLY_SET_UP])
    assert chain(organization) == Written(3, 7)
    busy = WEEK | {"contentGenerated": 14, "visualsCreated": 0}
    once = WEEK | {"activeDays": 1, "events": 2, "eventsBefore": 0}
    new = {"change": None, "trend": None}
    # (25·4.10 + 25·0) / 50 and (25·6.90 + 20·60 + 25·0) / 70
    assert told(organization) == {
        ("c0", "weekly_summary"): (
            1, busy | new | {"activeDays": 7, "events": 14, "eventsBefore": 14, "tasksCompleted": 0, "overall": 57}
        ),
        ("c0", "achievement"): (2, busy),
        ("c1", "weekly_summary"): (
            1, once | new | {"contentGenerated": 0, "visualsCreated": 0, "tasksCompleted": 1, "overall": 2}
        ),
        ("c1", "milestone"): (2, WEEK | {"tasksCompleted": 1}),
        ("c1", "recommendation"): (2, once),
        ("c2", "weekly_summary"): (
            1,
            WEEK | new | {"activeDays": 2, "events": 2, "eventsBefore": 1, "contentGenerated": 0, "visualsCreated": 0,
                          "tasksCompleted": 0, "overall": 20},
        ),
        ("c2", "tip"): (1, WEEK | {"onboardingDone": 3, "onboardingTasks": 4}),
    }  # fmt: skip


def test_silence_is_the_most_urgent(organization: Organization) -> None:
    store(organization, [SILENT])
    chain(organization)
    assert told(organization)["c0", "recommendation"][0] == Insight.Priority.HIGH


def test_change_and_trend_are_against_the_score_before(organization: Organization) -> None:
    store(organization, [BUSY])
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=date(2026, 10, 26), computed_at=NOW)
        Score.objects.update(overall=80)
        # Too young to compare with.
        score_clients(organization.pk, period_end=date(2026, 11, 11), computed_at=NOW)
    chain(organization)
    evidence = told(organization)["c0", "weekly_summary"][1]
    assert (evidence["overall"], evidence["change"], evidence["trend"]) == (57, -23, "declining")


@pytest.mark.parametrize(
    ("done", "tasks", "is_told"),
    [(0, 0, False), (2, 3, False), (3, 4, True), (4, 4, False), (9, 12, True), (8, 11, False)],
)
def test_tips_are_for_those_who_are_nearly_set_up(
    organization: Organization, done: int, tasks: int, is_told: bool
) -> None:
    onboarding = [(LONG_AGO, days_before(9) if n < done else None) for n in range(tasks)]
    store(organization, [History(created_at=LONG_AGO, onboarding=onboarding)])
    chain(organization)
    assert (("c0", "tip") in told(organization)) == is_told


def test_two_active_days_need_no_recommendation(organization: Organization) -> None:
    days = {n: [(days_before(back), "login", False) for back in range(1, n + 1)] for n in (1, 2)}
    store(organization, [History(created_at=LONG_AGO, events=days[1]), History(created_at=LONG_AGO, events=days[2])])
    chain(organization)
    assert [client for client, kind in kinds(organization) if kind == "recommendation"] == ["c0"]


def test_the_week_ends_before_the_period_end(organization: Organization) -> None:
    events = [(days_before(0), "content_generated", False), (days_before(8), "visual_created", False)]
    store(organization, [History(created_at=LONG_AGO, events=events)])
    chain(organization)
    assert kinds(organization) == [("c0", "recommendation"), ("c0", "weekly_summary")]


def test_running_again_writes_nothing(organization: Organization) -> None:
    store(organization, [BUSY, SILENT, NEW, UNBORN, ONCE, NEARLY_SET_UP])
    with organization_scope(organization.pk):
        written = chain(organization)
        before = versions()
        assert chain(organization, created_at=LATER) == written
        assert versions() == before
        assert len(before) == written.insights


def test_unread_insights_follow_late_events(organization: Organization) -> None:
    silent, other = store(organization, [SILENT, SILENT])
    chain(organization)
    with organization_scope(organization.pk):
        untouched = {row[0]: row for row in versions()}
        add_events(silent, date(2026, 11, 10), visual_created=2)
        add_events(silent, date(2026, 11, 11), login=1)
    chain(organization, created_at=LATER)
    assert kinds(organization) == [
        ("c0", "achievement"),
        ("c0", "weekly_summary"),
        ("c1", "recommendation"),
        ("c1", "weekly_summary"),
    ]
    assert told(organization)["c0", "weekly_summary"][1]["events"] == 3
    with organization_scope(organization.pk):
        created = dict(Insight.objects.filter(client=silent).values_list("kind", "created_at"))
        others = [
            row
            for row in versions()
            if row[0] in set(Insight.objects.filter(client=other).values_list("pk", flat=True))
        ]
    assert created == {"weekly_summary": NOW, "achievement": LATER}
    assert others == [untouched[row[0]] for row in others]


@pytest.mark.parametrize("do", [read_insight, act_on_insight, dismiss_insight])
def test_what_was_seen_stays_as_it_was_shown(organization: Organization, do: Any) -> None:
    [client] = store(organization, [SILENT])
    chain(organization)
    with organization_scope(organization.pk):
        for insight in Insight.objects.all():
            do(insight.client, insight.pk, at=NOW)
        before = versions()
        add_events(client, date(2026, 11, 10), login=2)
        add_events(client, date(2026, 11, 11), login=2)
        chain(organization, created_at=LATER)
        assert versions() == before
    assert told(organization)["c0", "recommendation"][1]["events"] == 0


def test_clients_that_are_not_served_are_told_nothing(organization: Organization) -> None:
    active, paused, archived, merged = store(organization, [SILENT] * 4)
    chain(organization)
    with organization_scope(organization.pk):
        Client.objects.filter(pk=paused).update(status="paused")
        Client.objects.filter(pk=archived).update(status="archived")
        Client.objects.filter(pk=merged).update(merged_into=active)
        # The scores are still those of all four.
        assert write_insights(organization.pk, period_end=PERIOD_END, created_at=LATER) == Written(1, 2)
    assert kinds(organization) == [("c0", "recommendation"), ("c0", "weekly_summary")]


def test_a_client_without_a_score_is_told_nothing(organization: Organization) -> None:
    store(organization, [BUSY])
    with organization_scope(organization.pk):
        assert write_insights(organization.pk, period_end=PERIOD_END, created_at=NOW) == Written(0, 0)
    assert kinds(organization) == []


def test_a_range_concerns_its_clients_only(organization: Organization) -> None:
    first, second, third = store(organization, [SILENT] * 3)
    chain(organization)
    for client in (first, third):
        with organization_scope(organization.pk):
            add_events(client, date(2026, 11, 10), login=1)
    with organization_scope(organization.pk):
        before = {row[0]: row for row in versions()}
        assert write_insights(
            organization.pk, period_end=PERIOD_END, created_at=LATER, first_client=second, last_client=third
        ) == Written(2, 4)
        changed = [row[0] for row in versions() if before[row[0]] != row]
        assert set(Insight.objects.filter(pk__in=changed).values_list("client", flat=True)) == {third}
        assert write_insights(
            organization.pk, period_end=PERIOD_END, created_at=LATER, first_client=first, last_client=first
        ) == Written(1, 2)


def test_another_organization_and_other_weeks_are_left_alone(
    organization: Organization, outsider: Organization
) -> None:
    store(organization, [SILENT])
    store(outsider, [SILENT])
    chain(outsider)
    chain(organization, period_end=date(2026, 11, 9))
    before = told(outsider)
    with organization_scope(organization.pk):
        weeks = dict(Insight.objects.values_list("pk", "period_end"))
    chain(organization)
    assert told(outsider) == before
    with organization_scope(organization.pk):
        assert Insight.objects.filter(pk__in=weeks, period_end=date(2026, 11, 9)).count() == 2


def test_only_a_recommendation_leads_to_the_application(organization: Organization) -> None:
    store(organization, [ONCE, NEARLY_SET_UP, BUSY])
    chain(organization)
    with organization_scope(organization.pk):
        before = dict(Insight.objects.values_list("kind", "action_url"))
        Organization.objects.update(app_url="https://app.example.com/%s{x}")
    chain(organization)
    with organization_scope(organization.pk):
        after = dict(Insight.objects.values_list("kind", "action_url"))
    page = "/client/dashboard/success"
    assert before == {
        "weekly_summary": f"{page}#why",
        "achievement": f"{page}#why",
        "milestone": f"{page}#why",
        "tip": f"{page}#tasks",
        "recommendation": "",
    }
    assert after == before | {"recommendation": "https://app.example.com/%s{x}"}


@pytest.mark.parametrize("period_end", [date(2026, 11, 17), date(9999, 12, 31), date(1, 1, 1)])
def test_days_that_have_not_been_are_refused(organization: Organization, period_end: date) -> None:
    with organization_scope(organization.pk), pytest.raises(UnableToWriteInsightsError):
        write_insights(organization.pk, period_end=period_end, created_at=NOW)


def test_writing_costs_the_same_queries_for_one_and_for_three(
    organization: Organization, django_assert_num_queries: Any
) -> None:
    store(organization, [BUSY])
    chain(organization)
    with organization_scope(organization.pk), django_assert_num_queries(4):
        write_insights(organization.pk, period_end=PERIOD_END, created_at=NOW)
    with organization_scope(organization.pk):
        Client.objects.bulk_create(
            Client(organization=organization, external_id=f"more-{n}", signed_up_at=NOW - timedelta(days=9))
            for n in (1, 2)
        )
        score_clients(organization.pk, period_end=PERIOD_END, computed_at=NOW)
    with organization_scope(organization.pk), django_assert_num_queries(4):
        write_insights(organization.pk, period_end=PERIOD_END, created_at=NOW)
