from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.incoming import Recorded
from telemetry.models import QuarantinedEvent
from telemetry.quarantine import Replayed, replay
from tests.factories import ClientFactory, UserFactory
from tests.telemetry.sending import NOON, activity, days, event, record, stored

HOUR = timedelta(hours=1)
LATER = NOON + timedelta(days=40)


def waiting(organization: Organization) -> list[int]:
    with organization_scope(organization.pk):
        rows = QuarantinedEvent.objects.filter(organization=organization, replayed_at=None)
        return list(rows.order_by("pk").values_list("pk", flat=True))


def replayed(organization: Organization, **options: Any) -> Replayed:
    actor = options.pop("actor", None)
    with organization_scope(organization.pk):
        return replay(waiting(organization), actor=actor, as_of=LATER, **options)


@pytest.fixture
def _creates_none(organization: Organization) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(creates_unknown_clients=False)


@pytest.mark.usefixtures("_creates_none")
def test_a_message_is_recorded_once_its_client_is_known(organization: Organization) -> None:
    told = event("1", "Own Name", data={"a": 1}, sent_at=NOON + HOUR / 2, duration_seconds=2.5, page_path="/p")
    record(organization, told)
    assert replayed(organization) == Replayed(0, 1)
    ClientFactory.create(organization=organization, external_id="user-1")
    assert replayed(organization) == Replayed(1, 0)
    assert replayed(organization) == Replayed(0, 0)
    fields = ("name", "data", "page_path", "occurred_at", "original_at", "sent_at", "received_at")
    # The clock is corrected by when the message came in, not by when it was replayed.
    expected = ("Own Name", {"a": 1}, "/p", NOON + HOUR / 2, NOON, NOON + HOUR / 2, NOON + HOUR)
    assert stored(organization, *fields) == [expected]
    assert days(organization, "total", "unmapped") == {("user-1", "2026-11-18"): {"total": 1, "unmapped": 1}}
    assert record(organization, told, at=LATER) == Recorded(duplicate=1)


@pytest.mark.usefixtures("_creates_none")
def test_a_waiting_message_that_comes_again_goes_on_waiting(organization: Organization) -> None:
    record(organization, event("1"))
    ClientFactory.create(organization=organization, external_id="user-1")
    assert record(organization, event("1")) == Recorded(duplicate=1)
    assert (stored(organization, "id"), len(waiting(organization))) == ([], 1)


def test_a_time_that_has_come_is_recorded_as_stated(organization: Organization) -> None:
    ahead = NOON + timedelta(days=30)
    record(organization, event("1", stated_at=ahead.isoformat()), event("2", stated_at="soon"))
    assert replayed(organization) == Replayed(1, 1)
    assert activity(organization) == {"user-1": (ahead, ahead, None)}


def test_a_time_that_cannot_be_right_may_be_replaced_by_the_time_of_receipt(organization: Organization) -> None:
    actor = UserFactory.create()
    record(organization, event("1", stated_at="soon"), event("2", stated_at="2099-01-01"))
    kept = waiting(organization)
    assert replayed(organization, received_time=True, actor=actor) == Replayed(2, 0)
    assert stored(organization, "message_id", "occurred_at", "original_at", "received_at") == [
        ("1", NOON + HOUR, None, NOON + HOUR),
        ("2", NOON + HOUR, None, NOON + HOUR),
    ]
    with organization_scope(organization.pk):
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.actor, entry.changes) == (
            "quarantine.replayed",
            actor,
            {"ids": kept, "replayed": 2, "received_time": True},
        )
        assert set(QuarantinedEvent.objects.values_list("replayed_at", "replayed_by")) == {(LATER, actor.pk)}


@pytest.mark.usefixtures("_creates_none")
def test_facts_are_replayed_too(organization: Organization) -> None:
    told = event("1", "identify", call="identify", anonymous_id="anon", data={"email": "a@example.com"})
    record(organization, event("2", external_id="", anonymous_id="anon"), told)
    ClientFactory.create(organization=organization, external_id="user-1")
    assert replayed(organization) == Replayed(1, 0)
    with organization_scope(organization.pk):
        assert Client.objects.get().email == "a@example.com"
    assert days(organization, "total") == {("user-1", "2026-11-18"): {"total": 1}}


def test_an_operator_replays_for_several_organizations_and_a_member_for_one(
    organization: Organization, outsider: Organization
) -> None:
    for own in (organization, outsider):
        record(own, event("1", stated_at="soon"))
    kept = [*waiting(organization), *waiting(outsider)]
    with organization_scope(outsider.pk):
        assert replay(kept, actor=None, as_of=LATER, received_time=True) == Replayed(1, 0)
    with all_organizations():
        assert replay(kept, actor=None, as_of=LATER, received_time=True) == Replayed(1, 0)
    assert (stored(organization, "message_id"), stored(outsider, "message_id")) == (["1"], ["1"])
