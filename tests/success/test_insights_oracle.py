"""A random population over twelve weeks, in a place whose clocks change at an hour that makes a midnight double."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.insights.writing import Written, write_insights
from success.models import Insight
from success.scoring import score_clients
from tests.factories import OrganizationFactory
from tests.success.histories import random_history, store
from tests.success.insight_oracle import Insights, expected_insights
from tests.success.oracle import History, expected_score

ZONE = "America/Havana"
# Twelve, one of them after a week that was left out, so that the score before is not always that of the week before.
WEEKS = [date(2026, 11, 23) - timedelta(weeks=back) for back in reversed(range(13)) if back != 6]
NOT_SERVED = {"paused": 3, "archived": 4, "merged": 5}


def chain(organization: Organization, week: date) -> Written:
    """Scores, then insights, as the weekly jobs write them."""
    at = datetime.combine(week, datetime.min.time(), UTC) + timedelta(hours=7)
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=week, computed_at=at)
        return write_insights(organization.pk, period_end=week, created_at=at)


def stored(organization: Organization, week: date) -> dict[int, Insights]:
    found: dict[int, Insights] = {}
    with organization_scope(organization.pk):
        for row in Insight.objects.filter(period_end=week).values("client_id", "kind", "priority", "evidence"):
            found.setdefault(row["client_id"], {})[row["kind"]] = (row["priority"], row["evidence"])
    return found


def versions() -> list[tuple[object, ...]]:
    """Which transaction wrote or locked each row last."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text, xmax::text, ctid::text FROM success_insight ORDER BY id")
        return list(cursor.fetchall())


def serve_not_all(organization: Organization, clients: Sequence[int]) -> set[int]:
    """Pause, archive and merge some of them; returns those that are left to tell something."""
    with organization_scope(organization.pk):
        served = set(clients)
        for status, every in NOT_SERVED.items():
            chosen = clients[every :: 7 * every]
            served -= set(chosen)
            change = {"merged_into": clients[0]} if status == "merged" else {"status": status}
            Client.objects.filter(pk__in=chosen).update(**change)
    return served


@pytest.mark.slow
def test_insights_equal_the_oracle_and_running_again_adds_none(db: None) -> None:
    dice = random.Random(11)
    organization = OrganizationFactory.create(timezone=ZONE)
    outsider = OrganizationFactory.create(timezone=ZONE)
    histories = [random_history(dice, around=WEEKS) for _ in range(500)]
    clients = store(organization, histories)
    store(outsider, [random_history(dice, around=WEEKS) for _ in range(20)])
    served = serve_not_all(organization, clients)
    chosen = {client: history for client, history in zip(clients, histories, strict=True) if client in served}
    earlier: dict[int, dict[date, int | None]] = {client: {} for client in chosen}
    kinds: Counter[str] = Counter()
    for week in WEEKS:
        expected = expected_week(chosen, week, earlier)
        count = sum(map(len, expected.values()))
        assert chain(organization, week) == Written(len(expected), count)
        assert stored(organization, week) == expected
        kinds.update(kind for insights in expected.values() for kind in insights)
    before = versions()
    for week in WEEKS:
        chain(organization, week)
    assert versions() == before
    assert stored(outsider, WEEKS[-1]) == {}
    # Each rule held often enough for the comparison to mean something.
    assert set(kinds) == set(Insight.Kind)
    assert min(kinds.values()) >= 50


def expected_week(
    chosen: dict[int, History], week: date, earlier: dict[int, dict[date, int | None]]
) -> dict[int, Insights]:
    expected = {}
    for client, history in chosen.items():
        insights = expected_insights(history, period_end=week, timezone=ZONE, earlier=earlier[client])
        if insights:
            expected[client] = insights
            earlier[client][week] = expected_score(history, period_end=week, timezone=ZONE)["overall"]  # type: ignore[index,assignment]
    return expected
