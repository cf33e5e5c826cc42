"""Milestones of clients that turn out to be one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from accounts.models import Organization, User
from accounts.tenancy import organization_scope
from success.models import Milestone
from telemetry.signals import clients_merged
from tests.factories import UserFactory
from tests.success.histories import store
from tests.success.oracle import History
from tests.success.reached_milestones import LONG_AGO, NOW, define, reached

EARLIER, LATER = date(2026, 3, 1), date(2026, 4, 1)


def add(organization: Organization, client: int, definition: Any, day: date, **fields: Any) -> None:
    Milestone.objects.create(
        organization=organization, client_id=client, definition=definition, threshold=1, value=1, reached_on=day,
        detected_at=NOW, **fields,
    )  # fmt: skip


def merge(organization: Organization, merged: dict[int, int]) -> None:
    clients_merged.send(sender=None, organization_id=organization.pk, merged=merged)


def test_the_earlier_of_two_stays_and_others_move(organization: Organization, outsider: Organization) -> None:
    both, only_former, late_own = (define(organization, key) for key in ("both", "former", "own"))
    former, own, other = store(organization, [History(LONG_AGO)] * 3)
    with organization_scope(organization.pk):
        for client, definition, day in [
            (former, both, EARLIER),
            (own, both, LATER),
            (former, only_former, LATER),
            (former, late_own, LATER),
            (own, late_own, EARLIER),
            (other, both, LATER),
        ]:
            add(organization, client, definition, day)
        merge(organization, {former: own})
    assert reached(organization) == [
        ("both", "c1", EARLIER, 1),
        ("both", "c2", LATER, 1),
        ("former", "c1", LATER, 1),
        ("own", "c1", EARLIER, 1),
    ]


def test_a_reward_that_was_given_and_a_celebration_are_not_forgotten(organization: Organization) -> None:
    definition = define(organization, "both", reward_kind="text", reward="A mug")
    former, own = store(organization, [History(LONG_AGO)] * 2)
    giver: User = UserFactory.create()
    told = {"celebrated_at": NOW, "reward_given_at": NOW + timedelta(days=1), "reward_given_by": giver}
    with organization_scope(organization.pk):
        add(organization, former, definition, LATER, **told)
        add(organization, own, definition, EARLIER)
        merge(organization, {former: own})
        [row] = Milestone.objects.values("client", "reached_on", *told)
    assert row == {"client": own, "reached_on": EARLIER, **told, "reward_given_by": giver.pk}


def test_several_become_one_at_once(organization: Organization) -> None:
    definition = define(organization, "both")
    ids = store(organization, [History(LONG_AGO)] * 4)
    with organization_scope(organization.pk):
        for number, client in enumerate(ids):
            add(organization, client, definition, EARLIER + timedelta(days=number))
        merge(organization, {ids[1]: ids[3], ids[0]: ids[3]})
    assert reached(organization) == [
        ("both", "c2", EARLIER + timedelta(days=2), 1),
        ("both", "c3", EARLIER, 1),
    ]


def test_of_two_definitions_of_one_key_one_is_left(organization: Organization) -> None:
    own_one = define(organization, "first-login")
    platforms = type(own_one).objects.get(organization=None, key="first-login")
    former, own = store(organization, [History(LONG_AGO)] * 2)
    with organization_scope(organization.pk):
        add(organization, former, platforms, EARLIER)
        add(organization, own, own_one, LATER)
        merge(organization, {former: own})
        assert list(Milestone.objects.values_list("client", "definition", "reached_on")) == [
            (own, platforms.pk, EARLIER)
        ]


def test_detected_at_and_the_rest_move_along(organization: Organization) -> None:
    definition = define(organization, "moved")
    former, own = store(organization, [History(LONG_AGO)] * 2)
    at = datetime(2026, 5, 5, tzinfo=UTC)
    with organization_scope(organization.pk):
        add(organization, former, definition, EARLIER)
        Milestone.objects.update(detected_at=at)
        merge(organization, {former: own})
        assert list(Milestone.objects.values_list("client", "detected_at")) == [(own, at)]
