from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEntry, Organization
from accounts.tenancy import organization_scope
from telemetry.event_names import UnmappedName, map_event_name, unmap_event_name, unmapped_names
from telemetry.models import Event, EventName
from telemetry.rebuilding import activity_differences
from tests.telemetry.histories import START, counts, event, record


def map_name(organization: Organization, name: str, base_type: str) -> EventName:
    with organization_scope(organization.pk):
        return map_event_name(organization, name, base_type=base_type, actor=None)


@pytest.fixture
def exported(organization: Organization, outsider: Organization) -> Organization:
    """Two exports on one day, a dream on the next; the outsider's one export."""
    record(
        organization,
        event("Project Exported", message_id="1"),
        event("Project Exported", message_id="2"),
        event("Dream Shared", message_id="3", at=START + timedelta(days=1)),
    )
    record(outsider, event("Project Exported", message_id="1"))
    return organization


def test_an_unmapped_name_counts_as_activity_only(exported: Organization) -> None:
    assert counts(exported, "total", "unmapped", "export_downloaded") == [(2, 2, 0), (1, 1, 0)]


def test_mapping_counts_what_was_stored(exported: Organization, outsider: Organization) -> None:
    map_name(exported, "Project Exported", "export_downloaded")
    assert counts(exported, "total", "unmapped", "export_downloaded") == [(2, 0, 2), (1, 1, 0)]
    assert counts(outsider, "total", "unmapped", "export_downloaded") == [(1, 1, 0)]


def test_mapping_holds_for_what_comes_later(exported: Organization) -> None:
    map_name(exported, "Project Exported", "export_downloaded")
    record(exported, event("Project Exported", message_id="4"))
    assert counts(exported, "total", "unmapped", "export_downloaded") == [(3, 0, 3), (1, 1, 0)]


def test_mapping_anew_moves_from_the_old_counter(exported: Organization) -> None:
    map_name(exported, "Project Exported", "export_downloaded")
    map_name(exported, "Project Exported", "task_completed")
    assert counts(exported, "unmapped", "export_downloaded", "task_completed") == [(0, 0, 2), (1, 0, 0)]


def test_unmapping_leaves_activity_only(exported: Organization) -> None:
    name = map_name(exported, "Project Exported", "export_downloaded")
    with organization_scope(exported.pk):
        unmap_event_name(name, actor=None)
        assert not EventName.objects.exists()
    assert counts(exported, "total", "unmapped", "export_downloaded") == [(2, 2, 0), (1, 1, 0)]


def test_events_of_nobody_are_mapped_and_counted_for_nobody(exported: Organization) -> None:
    record(exported, event("Project Exported", message_id="5", client="", anonymous_id="visitor"))
    map_name(exported, "Project Exported", "export_downloaded")
    with organization_scope(exported.pk):
        assert Event.objects.filter(base_type="export_downloaded").count() == 3
        assert activity_differences(exported.pk) == []


def test_every_change_is_in_the_audit_log_once(exported: Organization) -> None:
    map_name(exported, "Project Exported", "export_downloaded")
    map_name(exported, "Project Exported", "export_downloaded")
    with organization_scope(exported.pk):
        unmap_event_name(EventName.objects.get(), actor=None)
        entries = list(AuditEntry.objects.order_by("id").values_list("action", "changes"))
    common = {"name": "Project Exported", "events": 2}
    assert entries == [
        ("event_name.mapped", common | {"from": "", "to": "export_downloaded"}),
        ("event_name.unmapped", common | {"from": "export_downloaded", "to": ""}),
    ]


@pytest.mark.parametrize("name", ["login", "time_logged", "api_error", " ", "", "x" * 256, "a\0b"])
def test_a_name_of_the_product_or_none_cannot_be_mapped(organization: Organization, name: str) -> None:
    with pytest.raises(ValidationError):
        map_name(organization, name, "login")


def test_only_base_types_can_be_mapped_to(organization: Organization) -> None:
    with pytest.raises(ValidationError):
        map_name(organization, "Project Exported", "time_logged")


def test_unmapped_names_by_volume(exported: Organization) -> None:
    record(exported, event("login", message_id="6"), event("dashboard_login", message_id="7"))
    next_day = START + timedelta(days=1)
    with organization_scope(exported.pk):
        assert (
            unmapped_names(None)
            == unmapped_names(exported.pk)
            == [
                UnmappedName(exported.pk, "acme", "Project Exported", 2, START, START),
                UnmappedName(exported.pk, "acme", "Dream Shared", 1, next_day, next_day),
            ]
        )
