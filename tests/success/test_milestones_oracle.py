"""What random clients reach is what plain Python says of them."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.models import Score, ScoringPolicy
from telemetry.incoming import IncomingEvent
from telemetry.recording import record_events
from tests.factories import OrganizationFactory
from tests.success.histories import random_history, store
from tests.success.milestone_oracle import TYPE_OF
from tests.success.milestone_oracle import reached as expected
from tests.success.reached_milestones import NOW, Row, define, reach, reached
from tests.success.scored_clients import RECEIPT

AROUND = [date(2026, 10, 25), date(2026, 11, 1), date(2026, 11, 16)]
MEASURES = ["events", "active_days", "onboarding_percent", "score", *TYPE_OF]
Scores = list[tuple[date, int]]


def random_scores(dice: random.Random) -> Scores:
    return [(AROUND[0] + timedelta(weeks=week), dice.randrange(101)) for week in range(dice.choice([0, 1, 4]))]


def add_scores(organization: Organization, ids: list[int], scores: list[Scores]) -> None:
    with organization_scope(organization.pk):
        policy = ScoringPolicy.objects.get(organization=None, version=1)
        Score.objects.bulk_create(
            Score(
                organization=organization, client_id=client, period_end=day, policy=policy,
                **RECEIPT | {"overall": overall, "band": ""},
            )
            for client, given in zip(ids, scores, strict=True) for day, overall in given
        )  # fmt: skip


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("by", ["clients", "range"])
def test_what_is_reached_agrees_with_the_oracle(timezone: str, by: str, db: None, outsider: Organization) -> None:
    dice = random.Random(f"{timezone} {by}")
    organization = OrganizationFactory.create(timezone=timezone)
    thresholds = {(m, n): dice.choice([1, 2, 5, 30, 80]) if n else 1 for m in MEASURES for n in (0, 1)}
    for (measure, number), threshold in thresholds.items():
        define(organization, f"own-{measure}-{number}", measure=measure, threshold=threshold)
    histories = [random_history(dice, around=AROUND) for _ in range(60)]
    scores = [random_scores(dice) for _ in histories]
    ids = store(organization, histories)
    add_scores(organization, ids, scores)
    reach(organization, **({"clients": ids} if by == "clients" else {"first_client": ids[0], "last_client": ids[-1]}))
    found = [row for row in reached(organization) if row[0].startswith("own-")]
    wanted: list[Row] = [
        (f"own-{measure}-{number}", f"c{n}", *there)
        for (measure, number), threshold in thresholds.items()
        for n, history in enumerate(histories)
        if (there := expected(history, measure=measure, threshold=threshold, timezone=timezone, scores=scores[n]))
    ]
    assert found == sorted(wanted, key=str)
    assert len({row[0] for row in wanted}) > len(MEASURES)


@pytest.mark.parametrize("portions", [1, 7])
def test_it_does_not_matter_in_which_order_and_when_it_was_noticed(
    portions: int, organization: Organization, outsider: Organization
) -> None:
    moments = [datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number**2 * 7 % 400) for number in range(70)]
    events = [
        IncomingEvent(message_id=str(number), name="content_generated", external_id="user-1", stated_at=at)
        for number, at in enumerate(moments)
    ]
    random.Random(portions).shuffle(events)
    for portion in range(portions):
        record_events(organization.pk, events[portion::portions], received_at=NOW)
        reach(organization)
    days = sorted(at.astimezone(organization.timezone).date() for at in moments)
    crossed = {"contents-10": days[9], "contents-50": days[49], "first-content": days[0]}
    assert reached(organization) == [
        (key, "user-1", day, sum(each <= day for each in days)) for key, day in crossed.items()
    ]
