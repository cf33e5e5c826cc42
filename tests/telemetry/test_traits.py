from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from telemetry.incoming import IncomingEvent
from telemetry.models import ClientTrait
from tests.telemetry.sending import NOON, event, record

MINUTE = timedelta(minutes=1)


def identify(message_id: str, minute: int = 0, **traits: Any) -> IncomingEvent:
    return event(message_id, "identify", call="identify", data=traits, stated_at=NOON + minute * MINUTE)


def traits(organization: Organization) -> dict[str, Any]:
    with organization_scope(organization.pk):
        return dict(ClientTrait.objects.filter(client__external_id="user-1").values_list("key", "value"))


def columns(organization: Organization) -> tuple[str, str, datetime | None]:
    with organization_scope(organization.pk):
        client = Client.objects.get(external_id="user-1")
    return client.name, client.email, client.signed_up_at


def test_identify_creates_the_client_with_what_it_tells(organization: Organization, outsider: Organization) -> None:
    record(organization, identify("1", name=" Ada ", email="ada@example.com", plan={"id": 1}, createdAt="2026-01-02"))
    assert columns(organization) == ("Ada", "ada@example.com", datetime(2026, 1, 2, tzinfo=UTC))
    assert traits(organization)["plan"] == {"id": 1}
    assert (columns(outsider), traits(outsider)) == (("", "", None), {})


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_change_of_each_trait_counts(organization: Organization, order: tuple[int, ...]) -> None:
    told = [
        identify("1", 1, email="old@example.com", plan="free", createdAt="2026-01-01"),
        identify("2", 2, email="new@example.com", createdAt="no date"),
        identify("3", 2, email="newest@example.com", name=None),
    ]
    for position in order:
        record(organization, told[position])
    assert columns(organization) == ("", "newest@example.com", datetime(2026, 1, 1, tzinfo=UTC))
    assert traits(organization) == {
        "email": "newest@example.com",
        "plan": "free",
        "name": None,
        "createdAt": "2026-01-01",
    }


def test_a_name_may_come_in_two_parts(organization: Organization) -> None:
    record(organization, identify("1", firstName="Ada"))
    record(organization, identify("2", 1, lastName="Lovelace"))
    assert columns(organization)[0] == "Ada Lovelace"
    record(organization, identify("3", name="Countess"))
    assert columns(organization)[0] == "Countess"


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-1-2", datetime(2026, 1, 2, tzinfo=UTC)),
        (1_767_323_045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (1_767_323_045_000, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("now", None),
        ("infinity", None),
        ("2026-02-30", None),
        ("0000-01-01", None),
        ("9999-12-31T23:59:59-10:00", None),
        (1e300, None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_the_sign_up_date_is_read_where_it_can_be(organization: Organization, stated: Any, moment: Any) -> None:
    record(organization, identify("1", createdAt=stated))
    assert columns(organization)[2] == moment


def test_what_staff_set_stays_until_something_newer_is_told(organization: Organization) -> None:
    told = identify("1", name="Told", email="told@example.com")
    record(organization, told)
    with organization_scope(organization.pk):
        Client.objects.update(name="Set by staff")
    record(organization, told, identify("2", -5, name="Older"), identify("3", 5, plan="pro"))
    assert columns(organization)[0] == "Set by staff"
    record(organization, identify("4", 6, name="Newer"))
    assert columns(organization)[0] == "Newer"


def test_group_is_a_trait_and_no_tenant(organization: Organization, outsider: Organization) -> None:
    group = {"groupId": str(outsider.pk), "traits": {"name": "Outsider"}}
    record(organization, event("1", "group", call="group", data=group))
    assert traits(organization) == {"group": {"id": str(outsider.pk), "traits": {"name": "Outsider"}}}
    assert columns(organization)[0] == ""
    assert traits(outsider) == {}
