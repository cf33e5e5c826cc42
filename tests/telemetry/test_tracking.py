from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry import tracking
from telemetry.models import DailyActivity, Event
from telemetry.tracking import track_event, track_page_view
from tests.factories import ClientFactory

Captured = Any


def stored(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Event.objects.order_by("id").values_list(*fields))


def test_an_event_is_recorded_with_its_facts(
    client_of_acme: Client, outsider: Organization, django_capture_on_commit_callbacks: Captured
) -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with django_capture_on_commit_callbacks(execute=True):
        track_event(
            client_of_acme,
            "Project Exported",
            data={"pages": 3},
            page_path="/projects/1",
            session_id="s",
            duration_seconds=2.5,
            success=False,
            occurred_at=at,
            message_id="export-1",
        )
    facts = ("organization_id", "client_id", "name", "data", "page_path", "session_id", "success", "occurred_at")
    assert stored(*facts, "message_id") == [
        (
            client_of_acme.organization_id,
            client_of_acme.pk,
            "Project Exported",
            {"pages": 3},
            "/projects/1",
            "s",
            False,
            at,
            "export-1",
        )
    ]


@pytest.mark.parametrize(
    "name",
    [
        "login",
        "task_completed",
        "content_generated",
        "visual_created",
        "voice_interaction",
        "insight_reviewed",
        "export_downloaded",
        "settings_updated",
        "feedback_given",
    ],
)
def test_each_common_type_has_its_function(
    client_of_acme: Client, name: str, django_capture_on_commit_callbacks: Captured
) -> None:
    track: Callable[[Client], None] = getattr(tracking, f"track_{name}")
    with django_capture_on_commit_callbacks(execute=True):
        track(client_of_acme)
    assert stored("name", "base_type") == [(name, name)]
    with all_organizations():
        assert list(DailyActivity.objects.values_list("client_id", "total", name)) == [(client_of_acme.pk, 1, 1)]


def test_a_page_view_has_its_path(client_of_acme: Client, django_capture_on_commit_callbacks: Captured) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        track_page_view(client_of_acme, path="/client/dashboard/success?tab=why")
    assert stored("base_type", "page_path") == [("page_view", "/client/dashboard/success")]


def test_an_operational_event_needs_only_the_organization(
    organization: Organization, django_capture_on_commit_callbacks: Captured
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        track_event(None, "signup_started", organization=organization)
        track_event(None, "signup_failed", organization=organization.pk)
    assert stored("organization_id", "name", "category", "success") == [
        (organization.pk, "signup_started", "operational", True),
        (organization.pk, "signup_failed", "operational", False),
    ]


def test_the_same_message_id_counts_once(client_of_acme: Client, django_capture_on_commit_callbacks: Captured) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        track_event(client_of_acme, "login", message_id="once")
        track_event(client_of_acme, "login", message_id="once")
    assert stored("message_id") == [("once",)]


def test_what_was_rolled_back_has_not_happened(committed_db: None) -> None:
    client = ClientFactory.create()
    with organization_scope(client.organization_id):
        track_event(client, "login")
        transaction.set_rollback(True)
    assert stored("name") == []


def test_what_was_committed_is_recorded_from_inside_of_a_scope(committed_db: None) -> None:
    client = ClientFactory.create()
    with organization_scope(client.organization_id):
        track_event(client, "login")
        assert stored("name") == []
    assert stored("name") == [("login",)]


def test_without_a_transaction_it_is_recorded_at_once(committed_db: None) -> None:
    track_event(ClientFactory.create(), "login")
    assert stored("name") == [("login",)]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"duration_seconds": "long"}, {"data": 3}, {"data": {"a": object()}}])
def test_a_wrong_event_breaks_nothing(
    client_of_acme: Client,
    wrong: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Captured,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        track_event(client_of_acme, **({"name": "login"} | wrong))
    assert stored("name") == []
    assert [record.levelname for record in caplog.records if record.name == "telemetry.tracking"] == ["ERROR"]


def test_an_event_of_nobody_breaks_nothing(db: None, caplog: pytest.LogCaptureFixture) -> None:
    track_event(None, "login")
    assert "tracking_failed" in caplog.text


def test_a_failing_database_breaks_nothing(committed_db: None, caplog: pytest.LogCaptureFixture) -> None:
    client = ClientFactory.create()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        track_event(client, "login")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_read_only")
    assert "tracking_failed" in caplog.text
    assert stored("name") == []


def test_a_failing_transaction_is_left_to_its_owner(client_of_acme: Client) -> None:
    with transaction.atomic():
        with pytest.raises(DatabaseError, match="no_such"), connection.cursor() as cursor:
            cursor.execute("SELECT no_such")
        track_event(client_of_acme, "login")
        transaction.set_rollback(True)
    assert stored("name") == []
