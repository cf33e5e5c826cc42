"""Scores and those who left, replayed, against evaluations hour by hour in plain Python."""

import random
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from health.models import HealthPolicy
from health.what_if.replaying import Replay, WhatIf, replay
from success.models import Churn
from tests.factories import ClientFactory
from tests.health.oracle import HOUR, Facts, Policy, Told, Watcher
from tests.success.scored_clients import add_score

AS_OF = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LAST = AS_OF.replace(minute=0)
BEGINS = LAST - timedelta(days=90)
MONDAY = date(2026, 11, 16)
LONG_AGO = BEGINS - timedelta(days=300)


def weekly(dice: random.Random) -> dict[date, int | None]:
    """Thick around the levels, with weeks left out."""
    scores: dict[date, int | None] = {}
    overall = dice.randrange(25, 95)
    for weeks in range(17, -1, -1):
        if dice.random() < 0.9:
            scores[MONDAY - timedelta(weeks=weeks)] = overall if dice.random() < 0.95 else None
        overall = min(100, max(0, overall + dice.choice([-31, -30, -20, -19, -16, -6, -5, 0, 5, 16, 30])))
        overall = dice.randrange(40, 90) if overall < 12 else overall
    return scores


def hourly(histories: list[dict[date, int | None]]) -> list[Told]:
    watcher = Watcher(Policy())
    for client, scores in enumerate(histories):
        facts = Facts(created_at=LONG_AGO)
        now = BEGINS - timedelta(days=50)
        while now <= LAST:
            facts.last_at = now
            facts.scores = {day: score for day, score in scores.items() if datetime.combine(day, time(7), UTC) <= now}
            watcher.evaluate(client, facts, now)
            now += HOUR
    return watcher.alerts


def caught(alerts: list[Told], left: dict[int, date]) -> list[int]:
    days = []
    for client, day in left.items():
        gone = datetime.combine(day, time(), UTC)
        own = [
            alert for alert in alerts
            if alert.client == client and alert.opened_at < gone and (alert.ended_at or LAST) > BEGINS
        ]  # fmt: skip
        lasting = [alert.opened_at for alert in own if not alert.ended_at or alert.ended_at >= gone]
        if own:
            opened = min(lasting) if lasting else max(alert.opened_at for alert in own)
            days.append((day - max(opened, BEGINS).date()).days)
    return days


def test_scores_and_churn_are_those_of_hourly_evaluations(organization: Organization, outsider: Organization) -> None:
    with organization_scope(organization.pk):
        Organization.objects.filter(pk=organization.pk).update(timezone="UTC")
        organization.refresh_from_db()
    dice = random.Random(5)
    histories = [weekly(dice) for _ in range(14)]
    left = {number: MONDAY - timedelta(days=dice.randrange(80)) for number in range(8)}
    for of in (organization, outsider):
        for number, scores in enumerate(histories[: 14 if of is organization else 3]):
            client = ClientFactory.create(organization=of)
            with organization_scope(of.pk):
                Client.objects.filter(pk=client.pk).update(created_at=LONG_AGO)
                if number in left:
                    Churn.objects.create(organization=of, client=client, churned_on=left[number], marked_at=AS_OF)
            for day, overall in scores.items():
                add_score(client, period_end=day, overall=overall, band="")
    policy = HealthPolicy(switched_off=["inactivity", "zero_activity", "user_inactivity"])
    with organization_scope(organization.pk):
        result = replay(organization, [policy], as_of=AS_OF)
    alerts = hourly(histories)
    opened = [alert for alert in alerts if alert.opened_at >= BEGINS]
    days = caught(alerts, left)
    assert (result.watched, result.churned) == (14, 8)
    assert (result.outcomes[0].alerts, result.outcomes[0].clients) == (
        len(opened), len({alert.client for alert in opened}),
    )  # fmt: skip
    assert (result.outcomes[0].caught, result.outcomes[0].lead_days) == (len(days), median(days))
    assert len(opened) > 10


@pytest.mark.parametrize("levels", [{}, {"counts_business_days": True}])
def test_without_history_nothing_would_have_happened(scoped: Organization, levels: dict[str, bool]) -> None:
    nothing = WhatIf(alerts=0, clients=0, opened={}, reached={}, caught=0, lead_days=None)
    result = replay(scoped, [HealthPolicy(**levels), HealthPolicy()], as_of=AS_OF)
    assert result == Replay(days=90, watched=0, churned=0, outcomes=[nothing, nothing])
