from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.formula import INPUTS, RESULTS
from success.models import Score, Task
from success.scoring import UnableToScoreError, score_clients
from tests.success.histories import store
from tests.success.oracle import History

PERIOD_END = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def days_before(days: float) -> datetime:
    return datetime(2026, 11, 16, 12, tzinfo=UTC) - timedelta(days=days)


BUSY = History(
    created_at=LONG_AGO,
    events=[(days_before(back % 14 + 1), "content_generated", back == 3) for back in range(28)],
    onboarding=[(LONG_AGO, days_before(20)), (LONG_AGO, None)],
    feedback=[(days_before(100), "nps", 9), (days_before(10), "csat", 2)],
)
SILENT = History(created_at=LONG_AGO)
NEW = History(created_at=days_before(3))
UNBORN = History(created_at=days_before(-1))


def score(organization: Organization, **options: Any) -> int:
    with organization_scope(organization.pk):
        return score_clients(organization.pk, **{"period_end": PERIOD_END, "computed_at": NOW} | options)


def rows(organization: Organization, *columns: str) -> list[tuple[Any, ...]]:
    with organization_scope(organization.pk):
        return list(Score.objects.order_by("client_id").values_list("client_id", *columns))


def versions() -> list[tuple[Any, ...]]:
    """Which transaction wrote or locked each row last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text, xmax::text, ctid::text, computed_at FROM success_score ORDER BY id")
        return list(cursor.fetchall())


def test_a_score_stores_what_it_read_and_what_it_made_of_it(organization: Organization) -> None:
    [client] = store(organization, [BUSY])
    assert score(organization) == 1
    with organization_scope(organization.pk):
        row = Score.objects.values(*RESULTS, *INPUTS, "client_id", "timezone", "policy__version", "computed_at").get()
    assert {name: str(value) for name, value in row.items()} == {
        "client_id": str(client),
        "timezone": "Europe/Berlin",
        "policy__version": "1",
        "computed_at": str(NOW),
        # (25·66.40 + 20·60 + 25·50 + 15·57.50 + 15·50) / 100
        "overall": "57",
        "band": "attention",
        "coverage": "100",
        "engagement": "66.40",
        "activation": "60.00",
        "progress": "50.00",
        "satisfaction": "57.50",
        "momentum": "50.00",
        "age_days": "319",
        "has_events": "True",
        "active_days_30": "14",
        "events_30": "28",
        "high_value_30": "28",
        "content_30": "28",
        "visual_30": "0",
        "events_week": "14",
        "events_week_before": "14",
        "onboarding_tasks": "2",
        "onboarding_done": "1",
        "launch_kit_viewed": "True",
        "feedback_180": "2",
        "feedback_points": "115",
    }


def test_silence_counts_and_too_little_measured_has_no_band(organization: Organization) -> None:
    store(organization, [SILENT, NEW])
    score(organization)
    results = [row[1:] for row in rows(organization, "overall", "band", "coverage")]
    assert results == [(0, "at_risk", 65), (None, "", 0)]


def test_a_number_with_little_coverage_has_no_band(organization: Organization) -> None:
    store(organization, [History(created_at=days_before(3), feedback=[(days_before(1), "nps", 9)])])
    score(organization)
    assert [row[1:] for row in rows(organization, "overall", "band", "coverage")] == [(90, "", 15)]


def test_scoring_again_writes_nothing(organization: Organization) -> None:
    store(organization, [BUSY, SILENT, NEW, UNBORN])
    with organization_scope(organization.pk):
        assert score_clients(organization.pk, period_end=PERIOD_END, computed_at=NOW) == 3
        before = versions()
        assert score_clients(organization.pk, period_end=PERIOD_END, computed_at=LATER) == 3
        assert versions() == before


def test_only_what_changed_is_written(organization: Organization) -> None:
    busy, silent = store(organization, [BUSY, SILENT])
    score(organization)
    with organization_scope(organization.pk):
        Task.objects.filter(completed_at=None).update(completed_at=days_before(2), status="done")
    score(organization, computed_at=LATER)
    changed = rows(organization, "activation", "computed_at")
    assert changed == [(busy, 100, LATER), (silent, None, NOW)]


def test_one_client_equals_the_set(organization: Organization) -> None:
    clients = store(organization, [BUSY, SILENT, NEW])
    score(organization)
    everything = rows(organization, *RESULTS, *INPUTS)
    with organization_scope(organization.pk):
        Score.objects.all().delete()
    for client in clients:
        assert score(organization, first_client=client, last_client=client) == 1
    assert rows(organization, *RESULTS, *INPUTS) == everything


def test_a_range_scores_its_clients_only(organization: Organization) -> None:
    first, second, third, fourth = store(organization, [SILENT] * 4)
    assert score(organization, first_client=second, last_client=third) == 2
    assert rows(organization) == [(second,), (third,)]
    assert score(organization, last_client=first) == 1
    assert score(organization, first_client=fourth) == 1
    assert rows(organization) == [(first,), (second,), (third,), (fourth,)]


def test_another_organization_is_left_alone(organization: Organization, outsider: Organization) -> None:
    store(organization, [SILENT])
    store(outsider, [BUSY])
    score(organization)
    assert rows(outsider) == []


def test_a_client_has_no_score_before_it_was_there(organization: Organization) -> None:
    store(organization, [UNBORN])
    assert score(organization) == 0
    assert rows(organization) == []


def test_a_first_event_makes_a_client_older_than_its_record(organization: Organization) -> None:
    store(organization, [History(created_at=days_before(-1), events=[(days_before(9), "login", False)])])
    score(organization)
    assert [row[1:] for row in rows(organization, "age_days", "has_events")] == [(9, True)]


def test_a_client_found_to_have_begun_later_loses_its_score(organization: Organization) -> None:
    stays, goes = store(organization, [SILENT, SILENT])
    score(organization)
    score(organization, period_end=date(2026, 11, 9))
    with organization_scope(organization.pk):
        Client.objects.filter(pk=goes).update(signed_up_at=days_before(-5))
    score(organization)
    with organization_scope(organization.pk):
        left = list(Score.objects.order_by("period_end", "client_id").values_list("period_end", "client_id"))
    assert left == [(date(2026, 11, 9), stays), (date(2026, 11, 9), goes), (PERIOD_END, stays)]


def test_a_merged_client_has_no_score(organization: Organization) -> None:
    stays, merged = store(organization, [SILENT, SILENT])
    score(organization)
    with organization_scope(organization.pk):
        Client.objects.filter(pk=merged).update(merged_into=stays)
    assert score(organization) == 1
    assert rows(organization) == [(stays,)]


def test_paused_and_archived_clients_are_scored(organization: Organization) -> None:
    paused, archived = store(organization, [SILENT, SILENT])
    with organization_scope(organization.pk):
        Client.objects.filter(pk=paused).update(status="paused")
        Client.objects.filter(pk=archived).update(status="archived")
    assert score(organization) == 2


@pytest.mark.parametrize(("timezone", "newest"), [("Pacific/Kiritimati", 17), ("Pacific/Niue", 15)])
def test_the_organizations_future_is_refused(organization: Organization, timezone: str, newest: int) -> None:
    with organization_scope(organization.pk):
        Organization.objects.update(timezone=timezone)
    now = datetime(2026, 11, 16, 10, 30, tzinfo=UTC)
    score(organization, period_end=date(2026, 11, newest), computed_at=now)
    with pytest.raises(UnableToScoreError):
        score(organization, period_end=date(2026, 11, newest + 1), computed_at=now)


def test_a_period_before_all_times_is_refused(organization: Organization) -> None:
    with pytest.raises(UnableToScoreError):
        score(organization, period_end=date(1, 1, 1))


def test_scoring_costs_the_same_queries_for_one_and_for_three(
    organization: Organization, django_assert_num_queries: Any
) -> None:
    store(organization, [BUSY])
    with organization_scope(organization.pk), django_assert_num_queries(7):
        score_clients(organization.pk, period_end=PERIOD_END, computed_at=NOW)
    with organization_scope(organization.pk):
        Client.objects.bulk_create(Client(organization=organization, external_id=f"more-{n}") for n in range(2))
    with organization_scope(organization.pk), django_assert_num_queries(7):
        score_clients(organization.pk, period_end=PERIOD_END, computed_at=NOW)
