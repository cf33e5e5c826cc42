from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.event_names import map_event_name, unmap_event_name
from telemetry.models import ClientActivity, DailyActivity
from telemetry.rebuilding import activity_differences, rebuild_activity
from telemetry.retention import drop_old_events
from tests.telemetry.histories import START, activity, event, record, record_history


@pytest.mark.parametrize("seed", [1, 2])
def test_a_rebuild_makes_the_same_rows(organization: Organization, outsider: Organization, seed: int) -> None:
    record_history(organization, seed=seed)
    record_history(outsider, seed=seed, events=10)
    before, others = activity(organization), activity(outsider)
    with organization_scope(organization.pk):
        assert activity_differences(organization.pk) == []
        assert rebuild_activity(organization.pk) == len(before[0])
    assert activity(organization) == before
    assert activity(outsider) == others


def test_nothing_drifts_over_names_ties_and_retention(organization: Organization, outsider: Organization) -> None:
    record_history(organization, seed=3, events=60)
    with organization_scope(organization.pk):
        name = map_event_name(organization, "Project Exported", base_type="export_downloaded", actor=None)
        map_event_name(organization, "Dream Shared", base_type="content_generated", actor=None)
    drop_old_events(as_of=START.date().replace(month=6), keep_months=1)
    record(organization, event("login", message_id="anonymous", client="", anonymous_id="visitor"))
    record(
        organization,
        event("alias", message_id="merge", client="user-2", call="alias", data={"previousId": "user-1"}),
        event("identify", message_id="tie", client="user-3", call="identify", anonymous_id="visitor"),
    )
    with organization_scope(organization.pk):
        unmap_event_name(name, actor=None)
        assert activity_differences(organization.pk) == []
    before = activity(organization)
    with organization_scope(organization.pk):
        rebuild_activity(organization.pk)
    assert activity(organization) == before


def test_differences_are_found_and_mended(organization: Organization, outsider: Organization) -> None:
    record(organization, event("login", message_id="1"), event("login", message_id="2", client="user-2"))
    before = activity(organization)
    with organization_scope(organization.pk):
        DailyActivity.objects.filter(client__external_id="user-1").update(login=5)
        ClientActivity.objects.filter(client__external_id="user-2").delete()
        found = activity_differences(organization.pk)
        stored = [difference.stored and difference.stored.get("login") for difference in found]
        derived = [difference.derived and difference.derived.get("login") for difference in found]
        assert (stored, derived) == ([5, None], [1, None])
        rebuild_activity(organization.pk)
    assert activity(organization) == before


def test_the_command_fails_on_a_difference_and_changes_nothing(organization: Organization) -> None:
    record(organization, event("login", message_id="1"))
    with all_organizations():
        DailyActivity.objects.update(total=9)
    changed = activity(organization)
    with pytest.raises(CommandError, match="1 derived rows"):
        call_command("rebuild_activity", "--check", stdout=StringIO())
    assert activity(organization) == changed


def test_the_command_mends(organization: Organization, outsider: Organization) -> None:
    record(organization, event("login", message_id="1"))
    before = activity(organization)
    with all_organizations():
        DailyActivity.objects.update(total=9)
    out = StringIO()
    call_command("rebuild_activity", "--organization", "acme", stdout=out)
    assert activity(organization) == before
    assert "acme: 1 days derived anew, 1 rows differed before." in out.getvalue()
    call_command("rebuild_activity", "--check", stdout=out)


def test_the_command_refuses_an_unknown_organization(db: None) -> None:
    with pytest.raises(CommandError, match="no organization nowhere"):
        call_command("rebuild_activity", "--organization", "nowhere")


def test_days_follow_a_changed_timezone(organization: Organization, outsider: Organization) -> None:
    record(organization, event("login", message_id="1", at=START))
    with organization_scope(organization.pk):
        organization.timezone = "America/New_York"
        organization.save()
        days = list(DailyActivity.objects.values_list("day", flat=True))
        assert [str(day) for day in days] == ["2026-02-28"]
        assert activity_differences(organization.pk) == []
