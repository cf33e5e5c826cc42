from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from telemetry.incoming import IncomingEvent, Recorded
from telemetry.models import ClientIdentity, ClientTrait, RetiredActivity
from telemetry.signals import clients_merged
from tests.factories import UserFactory
from tests.telemetry.sending import NOON, activity, days, event, record, stored

HOUR = timedelta(hours=1)


def anonymous(message_id: str, anonymous_id: str = "anon", name: str = "login", **fields: Any) -> IncomingEvent:
    return event(message_id, name, external_id="", anonymous_id=anonymous_id, **fields)


def identify(message_id: str, user: str = "user-1", anonymous_id: str = "anon", **fields: Any) -> IncomingEvent:
    return event(message_id, "identify", call="identify", external_id=user, anonymous_id=anonymous_id, **fields)


def alias(message_id: str, former: str, user: str, **fields: Any) -> IncomingEvent:
    return event(message_id, "alias", call="alias", external_id=user, data={"previousId": former}, **fields)


def totals(organization: Organization) -> dict[str, int]:
    """How many events daily activity counts, by client."""
    found: dict[str, int] = {}
    for (external_id, _), counts in days(organization, "total").items():
        found[external_id] = found.get(external_id, 0) + counts["total"]
    return found


def owners(organization: Organization) -> dict[str, str | None]:
    return dict(stored(organization, "message_id", "client__external_id"))


def identities(organization: Organization) -> dict[str, str]:
    with organization_scope(organization.pk):
        return dict(ClientIdentity.objects.values_list("anonymous_id", "client__external_id"))


def test_anonymous_events_wait_for_their_client(organization: Organization) -> None:
    record(organization, anonymous("1"))
    assert (owners(organization), totals(organization)) == ({"1": None}, {})


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_anonymous_events_join_their_client_in_whatever_order(
    organization: Organization, outsider: Organization, order: tuple[int, ...]
) -> None:
    record(outsider, anonymous("1"))
    told = [
        anonymous("1", stated_at=NOON - 30 * HOUR),
        anonymous("2", name="launch_kit_viewed"),
        identify("3"),
        anonymous("4", "another"),
    ]
    for position in order:
        assert record(organization, told[position]) == Recorded(accepted=1)
    assert record(organization, *told) == Recorded(duplicate=4)
    assert owners(organization) == {"1": "user-1", "2": "user-1", "3": "user-1", "4": None}
    assert totals(organization) == {"user-1": 2}
    assert activity(organization) == {"user-1": (NOON - 30 * HOUR, NOON, NOON.date())}
    assert owners(outsider) == {"1": None}


def test_events_that_name_a_client_stay_with_it(organization: Organization) -> None:
    record(organization, event("1", external_id="user-2", anonymous_id="anon"), identify("2"))
    assert owners(organization) == {"1": "user-2", "2": "user-1"}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_an_anonymous_id_belongs_to_whom_it_was_tied_first(organization: Organization, order: tuple[int, ...]) -> None:
    told = [
        anonymous("1", name="login"),
        event("2", "identify", call="identify", external_id="", anonymous_id="anon", data={"email": "a@example.com"}),
        identify("3", "user-1", stated_at=NOON + HOUR),
        identify("4", "user-2", stated_at=NOON + 2 * HOUR, data={"plan": "free"}),
    ]
    for position in order:
        record(organization, told[position], at=NOON + 3 * HOUR)
    assert owners(organization) == {"1": "user-1", "2": "user-1", "3": "user-1", "4": "user-2"}
    assert totals(organization) == {"user-1": 1}
    with organization_scope(organization.pk):
        traits = ClientTrait.objects.values_list("client__external_id", "key", "value")
        assert sorted(traits) == [("user-1", "email", "a@example.com"), ("user-2", "plan", "free")]
        emails = Client.objects.values_list("external_id", "email")
        assert dict(emails) == {"user-1": "a@example.com", "user-2": ""}


def test_the_facts_of_an_anonymous_person_become_the_clients(organization: Organization) -> None:
    told = event("1", "identify", call="identify", external_id="", anonymous_id="anon", data={"email": "a@example.com"})
    record(organization, told)
    record(organization, identify("2", stated_at=NOON + HOUR))
    with organization_scope(organization.pk):
        assert Client.objects.get().email == "a@example.com"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_an_alias_makes_two_clients_one(organization: Organization, order: tuple[int, ...]) -> None:
    told = [
        event("1", external_id="former"),
        alias("2", "former", "user-1"),
        event("3", "launch_kit_viewed", stated_at=NOON - 30 * HOUR),
        anonymous("4", "former"),
    ]
    for position in order:
        record(organization, told[position])
    record(organization, event("5", external_id="former", stated_at=NOON + HOUR), at=NOON + 2 * HOUR)
    assert owners(organization) == dict.fromkeys("12345", "user-1")
    assert totals(organization) == {"user-1": 4}
    assert activity(organization) == {
        "user-1": (NOON - 30 * HOUR, NOON + HOUR, (NOON - 30 * HOUR).date()),
    }


def test_a_merged_client_is_archived_and_points_at_the_other(
    organization: Organization, outsider: Organization
) -> None:
    login = UserFactory.create()
    heard: list[dict[int, int]] = []

    def hear(sender: object, merged: dict[int, int], **named: Any) -> None:
        heard.append(merged)

    record(organization, event("1", "identify", call="identify", external_id="former", data={"name": "Ada", "plan": 1}))
    record(organization, event("2", "identify", call="identify", data={"email": "a@example.com"}))
    with organization_scope(organization.pk):
        Client.objects.filter(external_id="former").update(user=login)
    clients_merged.connect(hear)
    try:
        record(organization, alias("3", "former", "user-1", stated_at=NOON + HOUR), at=NOON + 2 * HOUR)
    finally:
        clients_merged.disconnect(hear)
    with organization_scope(organization.pk):
        former, own = (Client.objects.get(external_id=name) for name in ("former", "user-1"))
        assert (former.status, former.merged_into_id, former.user_id) == ("archived", own.pk, None)
        assert (own.name, own.email, own.user_id, own.status) == ("Ada", "a@example.com", login.pk, "active")
        assert set(ClientTrait.objects.values_list("client", "key")) == {
            (own.pk, "name"),
            (own.pk, "plan"),
            (own.pk, "email"),
        }
    assert heard == [{former.pk: own.pk}]
    with organization_scope(outsider.pk):
        assert Client.objects.get().status == "active"


def test_what_dropped_months_had_said_moves_too(organization: Organization) -> None:
    record(organization, event("1", external_id="former"), event("2"))
    with organization_scope(organization.pk):
        for name, total in (("former", 3), ("user-1", 4)):
            RetiredActivity.objects.create(
                organization=organization,
                client=Client.objects.get(external_id=name),
                day=NOON.date(),
                total=total,
                login=total,
                first_at=NOON - total * HOUR,
                last_at=NOON,
            )
    record(organization, alias("3", "former", "user-1"))
    with organization_scope(organization.pk):
        retired = RetiredActivity.objects.values_list("client__external_id", "total", "first_at")
        assert list(retired) == [("user-1", 7, NOON - 4 * HOUR)]
    assert totals(organization) == {"user-1": 9}


def test_merges_follow_chains_and_circles(organization: Organization) -> None:
    record(organization, *(event(name, external_id=name) for name in "abcd"))
    record(organization, alias("1", "a", "b"), alias("2", "b", "c", stated_at=NOON + HOUR), at=NOON + 2 * HOUR)
    record(organization, alias("3", "c", "d"), alias("4", "d", "a"), alias("5", "a", "a"))
    record(organization, event("6", external_id="a"))
    assert totals(organization) == {"d": 5}
    with organization_scope(organization.pk):
        pointing = Client.objects.exclude(merged_into=None).values_list("external_id", "merged_into__external_id")
        assert sorted(pointing) == [("a", "d"), ("b", "d"), ("c", "d")]


def test_an_alias_of_another_organizations_client_changes_nothing_there(
    organization: Organization, outsider: Organization
) -> None:
    record(outsider, event("1"))
    record(organization, alias("2", "user-1", "user-9"))
    assert (owners(outsider), totals(outsider)) == ({"1": "user-1"}, {"user-1": 1})
    assert identities(organization) == {"user-1": "user-9"}
    assert identities(outsider) == {}


def test_a_tie_in_the_set_with_the_events(organization: Organization) -> None:
    record(organization, anonymous("1"), identify("2"), anonymous("3"), alias("4", "other", "user-1"))
    record(organization, anonymous("5", "other"))
    assert totals(organization) == {"user-1": 3}
    assert identities(organization) == {"anon": "user-1", "other": "user-1"}


def test_a_repeated_message_ties_nothing(organization: Organization) -> None:
    record(organization, anonymous("1", "another"), identify("2"))
    assert record(organization, identify("2", anonymous_id="another")) == Recorded(duplicate=1)
    assert identities(organization) == {"anon": "user-1"}
    assert totals(organization) == {}
