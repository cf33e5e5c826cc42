"""Clients with random scores, activity and ends, stored in few statements."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.models import Churn, Score, ScoringPolicy
from telemetry.models import DailyActivity
from tests.success.backtest_oracle import Past
from tests.success.scored_clients import NOW, RECEIPT

FIRST = date(2025, 1, 6)
WEEKS = 30
AS_OF = FIRST + timedelta(weeks=WEEKS, days=3)


def band_of(overall: int) -> str:
    return next(
        band for limit, band in ((80, "excellent"), (60, "good"), (40, "attention"), (0, "at_risk")) if overall >= limit
    )


def random_past(dice: random.Random, *, weeks: int = WEEKS) -> Past:
    """A client whose scores tell something of when it leaves, with gaps, ties and days that are no Monday."""
    mood = dice.gauss(55, 20)
    leaves = dice.random() < 0.45
    churned_on = FIRST + timedelta(days=dice.randint(10, 7 * weeks + 20)) if leaves else None
    scores: list[tuple[date, int | None, str]] = []
    for week in range(weeks):
        period_end = FIRST + timedelta(weeks=week)
        near = churned_on is not None and (churned_on - period_end).days < 50
        overall = max(0, min(100, round(mood + dice.gauss(-15 if near else 0, 12), -1 if dice.random() < 0.5 else 0)))
        if dice.random() < 0.1:
            continue
        kind = dice.random()
        scores.append((period_end, None if kind < 0.04 else int(overall), "" if kind < 0.08 else band_of(int(overall))))
        if kind > 0.95:
            scores.append((period_end + timedelta(days=dice.randint(1, 6)), 10, "at_risk"))
    days = [FIRST + timedelta(days=dice.randint(-60, 7 * weeks + 10)) for _ in range(dice.choice([0, 0, 1, 5, 40]))]
    return Past(scores, sorted(set(days)), churned_on, age_days=dice.randint(1, 300))


def store_pasts(organization: Organization, pasts: Sequence[Past]) -> list[Client]:
    with organization_scope(organization.pk):
        first = Client.objects.count()
        clients = Client.objects.bulk_create(
            Client(organization=organization, external_id=f"judged-{first + n}") for n in range(len(pasts))
        )
        policy = ScoringPolicy.objects.get(organization=None, version=1)
        Score.objects.bulk_create(
            Score(
                organization=organization, client=client, policy=policy, period_end=period_end,
                **RECEIPT | {"overall": overall, "band": band, "age_days": past.age_days},
            )
            for client, past in zip(clients, pasts, strict=True)
            for period_end, overall, band in past.scores
        )  # fmt: skip
        DailyActivity.objects.bulk_create(
            DailyActivity(organization=organization, client=client, day=day, total=1, first_at=NOW, last_at=NOW)
            for client, past in zip(clients, pasts, strict=True)
            for day in past.active
        )
        Churn.objects.bulk_create(
            Churn(organization=organization, client=client, churned_on=past.churned_on, marked_at=NOW)
            for client, past in zip(clients, pasts, strict=True)
            if past.churned_on
        )
    return clients
