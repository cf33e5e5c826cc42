from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.incoming import Recorded, Rejection
from telemetry.models import Event, EventName, QuarantinedEvent
from telemetry.signals import events_recorded
from tests.factories import ClientFactory, OrganizationFactory
from tests.telemetry.sending import NOON, activity, days, event, record, stored

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COUNTERS = {
    "total": 0,
    "login": 0,
    "page_view": 0,
    "task_completed": 0,
    "content_generated": 0,
    "visual_created": 0,
    "voice_interaction": 0,
    "insight_reviewed": 0,
    "export_downloaded": 0,
    "settings_updated": 0,
    "feedback_given": 0,
    "unmapped": 0,
    "launch_kit_views": 0,
    "duration_seconds": Decimal(0),
}


def test_an_event_is_stored_as_it_was_told(organization: Organization) -> None:
    told = event(
        "m",
        "Project Exported",
        data={"a": [1, None]},
        page_path="/p",
        session_id="s",
        duration_seconds=1.2345,
        success=False,
        anonymous_id="anon",
        sent_at=NOON + HOUR,
    )
    assert record(organization, told) == Recorded(accepted=1)
    with organization_scope(organization.pk):
        row: dict[str, Any] = dict(Event.objects.values().get())
        client = Client.objects.get()
    assert (client.external_id, client.status, client.organization_id) == ("user-1", "active", organization.pk)
    assert row.pop("id")
    assert row == {
        "organization_id": organization.pk,
        "client_id": client.pk,
        "message_id": "m",
        "call": "track",
        "name": "Project Exported",
        "base_type": "",
        "category": "engagement",
        "success": False,
        "data": {"a": [1, None]},
        "page_path": "/p",
        "session_id": "s",
        "duration_seconds": Decimal("1.235"),
        "anonymous_id": "",
        "occurred_at": NOON,
        "original_at": NOON,
        "sent_at": NOON + HOUR,
        "received_at": NOON + HOUR,
        "received_month": date(2026, 11, 1),
    }


@pytest.mark.parametrize(
    ("name", "call", "base_type", "category"),
    [
        ("login", "track", "login", "engagement"),
        ("launch_kit_viewed", "track", "page_view", "engagement"),
        ("page_view", "screen", "page_view", "engagement"),
        ("Project Exported", "track", "export_downloaded", "engagement"),
        ("Something Else", "track", "", "engagement"),
        ("feature_used", "track", "", "operational"),
        ("identify", "identify", "", "facts"),
        ("login", "identify", "", "facts"),
    ],
)
def test_the_kind_of_an_event_follows_from_its_name(
    organization: Organization, outsider: Organization, name: str, call: str, base_type: str, category: str
) -> None:
    with all_organizations():
        for own, mapped in ((organization, "export_downloaded"), (outsider, "visual_created")):
            EventName.objects.create(organization=own, name="Project Exported", base_type=mapped)
            # The product's own names keep their meaning.
            EventName.objects.create(organization=own, name="login", base_type="visual_created")
            EventName.objects.create(organization=own, name="feature_used", base_type="visual_created")
    record(organization, event("m", name, call=call))
    assert stored(organization, "name", "base_type", "category") == [(name, base_type, category)]


def test_daily_and_last_activity_follow_the_events(organization: Organization, outsider: Organization) -> None:
    record(
        organization,
        event("1", "login", duration_seconds=10),
        event("2", "Own Name", stated_at=NOON + HOUR, duration_seconds=0.5),
        event("3", "launch_kit_viewed", stated_at=NOON - DAY),
        event("4", "feature_used"),
        event("5", "identify", call="identify"),
        event("6", "login", external_id="", anonymous_id="nobody"),
        event("7", "audit_created", external_id="user-2"),
    )
    assert days(organization) == {
        ("user-1", "2026-11-17"): COUNTERS
        | {"total": 1, "page_view": 1, "launch_kit_views": 1, "first_at": NOON - DAY, "last_at": NOON - DAY},
        ("user-1", "2026-11-18"): COUNTERS
        | {"total": 2, "login": 1, "unmapped": 1, "first_at": NOON, "last_at": NOON + HOUR}
        | {"duration_seconds": Decimal("10.500")},
        ("user-2", "2026-11-18"): COUNTERS | {"total": 1, "task_completed": 1, "first_at": NOON, "last_at": NOON},
    }
    assert activity(organization) == {
        "user-1": (NOON - DAY, NOON + HOUR, date(2026, 11, 17)),
        "user-2": (NOON, NOON, None),
    }
    assert (stored(outsider, "message_id"), days(outsider), activity(outsider)) == ([], {}, {})


def test_a_later_set_adds_to_the_days(organization: Organization) -> None:
    record(organization, event("1"), event("2", "launch_kit_viewed", stated_at=NOON + DAY), at=NOON + DAY)
    record(organization, event("3", stated_at=NOON - HOUR), event("4", "launch_kit_viewed"), at=NOON + DAY)
    assert days(organization, "total", "login", "launch_kit_views", "first_at", "last_at") == {
        ("user-1", "2026-11-18"): {
            "total": 3,
            "login": 2,
            "launch_kit_views": 1,
            "first_at": NOON - HOUR,
            "last_at": NOON,
        },
        ("user-1", "2026-11-19"): {
            "total": 1,
            "login": 0,
            "launch_kit_views": 1,
            "first_at": NOON + DAY,
            "last_at": NOON + DAY,
        },
    }
    assert activity(organization) == {"user-1": (NOON - HOUR, NOON + DAY, date(2026, 11, 18))}


@pytest.mark.parametrize(
    ("timezone", "day"), [("Pacific/Kiritimati", "2026-11-19"), ("Pacific/Pago_Pago", "2026-11-18")]
)
def test_days_are_those_of_the_organizations_timezone(db: None, timezone: str, day: str) -> None:
    organization = OrganizationFactory.create(timezone=timezone)
    record(organization, event("1"))
    assert list(days(organization)) == [("user-1", day)]


def test_a_message_counts_once(organization: Organization, outsider: Organization) -> None:
    record(outsider, event("1"))
    assert record(organization, event("1"), event("2"), event("1")) == Recorded(accepted=2, duplicate=1)
    assert record(organization, event("2"), event("3"), at=NOON + DAY) == Recorded(accepted=1, duplicate=1)
    assert stored(organization, "message_id") == ["1", "2", "3"]
    assert days(organization, "total") == {("user-1", "2026-11-18"): {"total": 3}}


def test_the_first_of_a_repeated_message_counts(organization: Organization) -> None:
    record(organization, event("1", "login"), event("1", "logout"))
    assert stored(organization, "name") == ["login"]


@pytest.mark.parametrize(
    ("stated_at", "sent_at"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), None),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), None),
        (None, None),
        ("unreadable", None),
        # The same bytes again, from a clock that is a year ahead.
        (datetime(2027, 11, 30, tzinfo=UTC), datetime(2027, 11, 30, tzinfo=UTC)),
    ],
)
def test_a_message_of_another_month_is_found_again(organization: Organization, stated_at: Any, sent_at: Any) -> None:
    received = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    told = event("1", stated_at=stated_at, sent_at=sent_at)
    first = record(organization, told, at=received)
    assert record(organization, told, at=received + timedelta(days=70)) == Recorded(duplicate=1)
    assert first.accepted + first.quarantined == 1
    assert len(stored(organization, "message_id")) == first.accepted


def test_a_message_is_found_again_after_its_clock_was_put_right(organization: Organization) -> None:
    ahead, received = datetime(2027, 11, 30, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
    record(organization, event("1", stated_at=ahead, sent_at=ahead), at=received)
    later = received + timedelta(days=70)
    assert record(organization, event("1", stated_at=ahead, sent_at=later), at=later) == Recorded(duplicate=1)


def test_a_message_that_was_overtaken_across_a_months_end_is_found_again(organization: Organization) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    told = event("1", stated_at=midnight - HOUR)
    record(organization, told, at=midnight + timedelta(seconds=1))
    assert record(organization, told, at=midnight - timedelta(seconds=1)) == Recorded(duplicate=1)


def test_a_repeated_message_creates_nobody(organization: Organization) -> None:
    record(organization, event("1"))
    assert record(organization, event("1", external_id="user-2")) == Recorded(duplicate=1)
    with organization_scope(organization.pk):
        assert list(Client.objects.values_list("external_id", flat=True)) == ["user-1"]


def test_a_client_of_another_organization_is_another_client(organization: Organization, outsider: Organization) -> None:
    record(organization, event("1"))
    with all_organizations():
        owners = Client.objects.filter(external_id="user-1").values_list("organization__slug", flat=True)
        assert sorted(owners) == ["acme", "outsider"]
    assert activity(outsider) == {}


def test_an_unknown_client_waits_when_the_organization_creates_none(db: None) -> None:
    organization = OrganizationFactory.create(creates_unknown_clients=False)
    ClientFactory.create(organization=organization, external_id="user-1")
    told = [event("1"), event("2", external_id="user-2", data={"a": 1}), event("3", "api_error", external_id="user-2")]
    assert record(organization, *told) == Recorded(accepted=1, quarantined=2)
    assert record(organization, *told) == Recorded(duplicate=3)
    with organization_scope(organization.pk):
        kept = QuarantinedEvent.objects.order_by("message_id").values_list("message_id", "reason", "message__data")
        assert list(kept) == [("2", "unknown_client", {"a": 1}), ("3", "unknown_client", {})]
        assert Client.objects.count() == 1


def test_a_time_that_cannot_be_right_waits_as_it_was_stated(organization: Organization) -> None:
    told = [
        event("1", stated_at="soon", sent_at="later"),
        event("2", stated_at="2026-12-24T00:00:00Z"),
        event("3", stated_at="0001-01-01T00:00:00Z"),
    ]
    assert record(organization, *told) == Recorded(quarantined=3)
    assert record(organization, *told, event("4")) == Recorded(accepted=1, duplicate=3)
    with organization_scope(organization.pk):
        kept = QuarantinedEvent.objects.order_by("message_id").values_list(
            "message_id", "reason", "message__stated_at", "message__stated_sent_at", "received_at"
        )
        assert list(kept) == [
            ("1", "time_unreadable", "soon", "later", NOON + HOUR),
            ("2", "time_in_future", "2026-12-24T00:00:00Z", None, NOON + HOUR),
            ("3", "time_too_early", "0001-01-01T00:00:00Z", None, NOON + HOUR),
        ]
    assert stored(organization, "message_id") == ["4"]


def test_a_waiting_message_creates_nobody(organization: Organization) -> None:
    record(organization, event("1", stated_at="soon"))
    with organization_scope(organization.pk):
        assert not Client.objects.exists()


def test_what_postgresql_cannot_hold_costs_only_itself(organization: Organization) -> None:
    told = [event(str(n), index=n) for n in range(9)]
    told[4] = event("4", data={"a": "\0"}, index=4)
    told[7] = event("7", data={"a": object()}, index=7)
    refusal = "The event cannot be stored."
    assert record(organization, *told) == Recorded(
        accepted=7, rejected=[Rejection(4, "unstorable", refusal), Rejection(7, "unstorable", refusal)]
    )
    assert days(organization, "total") == {("user-1", "2026-11-18"): {"total": 7}}


def test_the_scope_around_is_left_as_it_was(organization: Organization, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        record(organization, event("1"))
        assert not Event.objects.exists()
        assert list(Client.objects.values_list("organization", flat=True)) == [outsider.pk]


def test_recording_is_told_with_the_clients_that_gained_something(
    organization: Organization, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[tuple[int, list[int]]] = []

    def hear(sender: object, organization_id: int, client_ids: list[int], **named: Any) -> None:
        heard.append((organization_id, client_ids))

    events_recorded.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record(organization, event("1"), event("2", external_id="", anonymous_id="nobody"))
            record(organization, event("1"))
            assert heard == []
    finally:
        events_recorded.disconnect(hear)
    with organization_scope(organization.pk):
        assert heard == [(organization.pk, [Client.objects.get().pk])]


def test_the_number_of_statements_does_not_grow(organization: Organization, django_assert_num_queries: Any) -> None:
    for first, count in ((0, 1), (1_000, 50)):
        # A savepoint, the scope, the recording, the scope again, the end of the savepoint.
        with django_assert_num_queries(5):
            record(organization, *(event(str(first + n), external_id=f"user-{n}") for n in range(count)))


def test_without_a_scope_the_recording_function_sees_its_organization_only(
    organization: Organization, outsider: Organization
) -> None:
    record(organization, event("1"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_event")
        assert cursor.fetchone() == (0,)
