"""The same events in any order, any portions and at any time give the same scores."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.formula import INPUTS, RESULTS
from success.models import Score
from success.scoring import score_clients
from telemetry.incoming import IncomingEvent
from telemetry.recording import record_events
from tests.factories import OrganizationFactory
from tests.success.oracle import History, expected_score

NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)
PERIOD_ENDS = [date(2026, 11, 2), date(2026, 11, 16)]
NAMES = ["login", "content_generated", "visual_created", "audit_created", "launch_kit_viewed", "Something Else"]
BASE = {"audit_created": "task_completed", "launch_kit_viewed": "page_view", "Something Else": ""}


def random_events() -> list[IncomingEvent]:
    dice = random.Random(7)
    return [
        IncomingEvent(
            message_id=f"m{n}",
            name=dice.choice(NAMES),
            external_id=f"user-{dice.randrange(8)}",
            stated_at=NOW - timedelta(days=dice.random() ** 2 * 60),
        )
        for n in range(400)
    ]


def record(organization: Organization, portions: Sequence[Sequence[IncomingEvent]]) -> None:
    for portion in portions:
        record_events(organization.pk, portion, received_at=NOW)


def scores(organization: Organization) -> list[dict[str, Any]]:
    with organization_scope(organization.pk):
        for period_end in PERIOD_ENDS:
            score_clients(organization.pk, period_end=period_end, computed_at=NOW)
        return list(
            Score.objects.order_by("period_end", "client__external_id").values(
                "period_end", "client__external_id", *RESULTS, *INPUTS
            )
        )


def in_one(events: list[IncomingEvent]) -> list[list[IncomingEvent]]:
    return [events]


def backwards(events: list[IncomingEvent]) -> list[list[IncomingEvent]]:
    return [events[::-1]]


def in_sevenths_shuffled(events: list[IncomingEvent]) -> list[list[IncomingEvent]]:
    shuffled = random.Random(3).sample(events, len(events))
    return [shuffled[n::7] for n in range(7)]


def twice(events: list[IncomingEvent]) -> list[list[IncomingEvent]]:
    return [events[:250], events, events[100:]]


@pytest.mark.parametrize("arrival", [backwards, in_sevenths_shuffled, twice])
def test_scores_do_not_depend_on_how_events_arrive(arrival: Any, db: None) -> None:
    events = random_events()
    expected, organization = (OrganizationFactory.create(timezone="Europe/Berlin") for _ in range(2))
    record(expected, in_one(events))
    record(organization, arrival(events))
    assert scores(organization) == scores(expected)


def test_late_events_correct_the_weeks_that_they_belong_to(db: None) -> None:
    events = random_events()
    expected, organization = (OrganizationFactory.create(timezone="Europe/Berlin") for _ in range(2))
    record(expected, [events])
    record(organization, [events[:200]])
    early = scores(organization)
    record(organization, [events[200:]])
    assert early != scores(expected)
    assert scores(organization) == scores(expected)


def test_scores_of_recorded_events_equal_the_oracle(db: None) -> None:
    events = random_events()
    organization = OrganizationFactory.create(timezone="America/Havana")
    record(organization, [events])
    with organization_scope(organization.pk):
        created = dict(Client.objects.values_list("external_id", "created_at"))
    for row in scores(organization):
        own = [event for event in events if event.external_id == row["client__external_id"]]
        history = History(
            created_at=created[row["client__external_id"]],
            events=[(e.stated_at, BASE.get(e.name, e.name), e.name == "launch_kit_viewed") for e in own],  # type: ignore[misc]
        )
        expected = expected_score(history, period_end=row["period_end"], timezone="America/Havana")
        assert expected == {name: row[name] for name in RESULTS}
