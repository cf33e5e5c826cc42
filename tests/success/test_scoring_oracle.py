import random
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.models import Component, Score
from success.policies import create_policy
from success.scoring import score_clients
from tests.factories import OrganizationFactory
from tests.success.histories import random_history, store
from tests.success.oracle import DEFAULT_POLICY, expected_score

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
# Berlin and the Azores change their clocks on 2026-10-25, Havana on 2026-11-01, at an hour that makes midnight double.
PERIOD_ENDS = [date(2026, 3, 30), date(2026, 10, 25), date(2026, 11, 2), date(2026, 11, 16)]
TIMEZONES = [
    "UTC",
    "Europe/Berlin",
    "Atlantic/Azores",
    "America/Havana",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Asia/Kolkata",
    "Africa/Cairo",
]
UNUSUAL_POLICY = DEFAULT_POLICY | {
    "engagement_weight": 33,
    "activation_weight": 0,
    "progress_weight": 41,
    "satisfaction_weight": 7,
    "momentum_weight": 19,
    "active_days_target": 7,
    "events_target": 37,
    "high_value_target": 999_983,
    "content_target": 3,
    "visual_target": 11,
    "new_client_days": 10,
    "momentum_client_days": 9,
    "momentum_events": 8,
    "excellent_from": 71,
    "good_from": 44,
    "attention_from": 13,
    "band_coverage": 60,
}


def stored_scores(organization: Organization, period_end: date) -> dict[int, dict[str, object]]:
    names = ["overall", "band", "coverage", *Component.values]
    with organization_scope(organization.pk):
        rows = Score.objects.filter(period_end=period_end).values("client_id", *names)
        return {row["client_id"]: {name: exact(row[name]) for name in names} for row in rows}


def exact(value: object) -> object:
    return value if value is None or isinstance(value, str | int) else Fraction(str(value))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "timezones"), [(DEFAULT_POLICY, TIMEZONES), (UNUSUAL_POLICY, TIMEZONES[:2])], ids=["default", "unusual"]
)
def test_scores_equal_the_oracle(policy: dict[str, Any], timezones: list[str], db: None) -> None:
    dice = random.Random(2)
    wrong = []
    for timezone in timezones:
        organization = OrganizationFactory.create(timezone=timezone)
        histories = [random_history(dice, around=PERIOD_ENDS) for _ in range(130)]
        clients = store(organization, histories)
        with organization_scope(organization.pk):
            if policy != DEFAULT_POLICY:
                create_policy(organization, effective_on=date(1970, 1, 1), created_by=None, **policy)
            for end in PERIOD_ENDS:
                score_clients(organization.pk, period_end=end, computed_at=NOW)
        for end in PERIOD_ENDS:
            expected = [expected_score(h, period_end=end, timezone=timezone, policy=policy) for h in histories]
            stored = stored_scores(organization, end)
            wrong += [
                (timezone, end, histories[n], stored.get(client), wanted)
                for n, (client, wanted) in enumerate(zip(clients, expected, strict=True))
                if stored.get(client) != wanted
            ]
    assert wrong == []
