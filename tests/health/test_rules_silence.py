from datetime import timedelta

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from health.checking import Checked
from health.models import Holiday
from health.policies import create_policy
from tests.health.watched_clients import DAY, HOUR, NOW, add_client, alert_of, alerts, check, log, set_last_activity

A_MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (48 * HOUR - A_MOMENT, []),
        (48 * HOUR, [("inactivity", 2, "")]),
        (72 * HOUR - A_MOMENT, [("inactivity", 2, "")]),
        (72 * HOUR, [("zero_activity", 3, "")]),
        (21 * DAY - A_MOMENT, [("zero_activity", 3, "")]),
        (21 * DAY, [("user_inactivity", 2, "")]),
        (45 * DAY - A_MOMENT, [("user_inactivity", 2, "")]),
        (45 * DAY, [("user_inactivity", 3, "")]),
        (9999 * DAY, [("user_inactivity", 3, "")]),
        (-DAY, []),
    ],
)
def test_a_silent_client_is_told_of(organization: Organization, silent: timedelta, expected: list[object]) -> None:
    client = add_client(organization, silent=silent)
    check(organization)
    assert alerts(client) == expected


def test_a_client_without_events_is_silent_since_it_was_created(organization: Organization) -> None:
    client = add_client(organization, silent=None, signed_up_at=NOW - 400 * DAY)
    assert check(organization, NOW + 47 * HOUR) == Checked(processed=1)
    assert check(organization, NOW + 48 * HOUR) == Checked(processed=1, opened=1)
    assert alert_of(client).evidence == {"lastActivityAt": None, "silentSince": "2026-11-18T12:00:00+00:00"}


def test_silence_is_one_alert_that_escalates(organization: Organization) -> None:
    client = add_client(organization)
    for hours in range(0, 46 * 24, 12):
        check(organization, NOW + hours * HOUR)
    set_last_activity(client, NOW + 46 * DAY)
    check(organization, NOW + 46 * DAY)
    assert log(client) == [
        ("opened", {}, {"kind": "inactivity", "severity": 2}),
        ("escalated", {"kind": "inactivity", "severity": 2}, {"kind": "zero_activity", "severity": 3}),
        ("escalated", {"kind": "zero_activity", "severity": 3}, {"kind": "user_inactivity", "severity": 2}),
        ("escalated", {"kind": "user_inactivity", "severity": 2}, {"kind": "user_inactivity", "severity": 3}),
        ("resolved", {}, {"resolution": "condition_ended"}),
    ]
    assert alerts(client) == [("user_inactivity", 3, "condition_ended")]


def test_a_late_event_makes_the_silence_shorter(organization: Organization) -> None:
    client = add_client(organization, silent=30 * DAY)
    check(organization)
    set_last_activity(client, NOW - 50 * HOUR)
    check(organization, NOW + HOUR)
    assert log(client)[-1] == (
        "eased",
        {"kind": "user_inactivity", "severity": 2},
        {"kind": "inactivity", "severity": 2},
    )
    assert alert_of(client).evidence["lastActivityAt"] == "2026-11-16T10:00:00+00:00"


@pytest.mark.parametrize("change", [{"status": "paused"}, {"status": "archived"}])
def test_who_is_left_out_raises_nothing_and_loses_its_alerts(
    organization: Organization, change: dict[str, str]
) -> None:
    never, left = (add_client(organization, silent=5 * DAY) for _ in range(2))
    with all_organizations():
        Client.objects.filter(pk=never.pk).update(**change)
    assert check(organization) == Checked(processed=1, opened=1)
    with all_organizations():
        Client.objects.filter(pk=left.pk).update(**change)
    assert check(organization, NOW + HOUR) == Checked(resolved=1)
    assert alerts(never) == []
    assert alerts(left) == [("zero_activity", 3, "client_left_out")]


def test_an_organization_that_is_not_active_is_left_as_it_is(organization: Organization) -> None:
    client = add_client(organization, silent=5 * DAY)
    check(organization)
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(status="suspended")
    assert check(organization, NOW + 5 * DAY) == Checked()
    assert alerts(client) == [("zero_activity", 3, "")]


def test_the_organizations_own_levels_count(organization: Organization, outsider: Organization) -> None:
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, inactivity_hours=5, zero_activity_hours=9)
    own, other = (add_client(each, silent=5 * HOUR) for each in (organization, outsider))
    check(organization)
    check(outsider)
    assert (alerts(own), alerts(other)) == ([("inactivity", 2, "")], [])


def test_a_step_that_is_switched_off_is_not_taken(organization: Organization) -> None:
    client = add_client(organization, silent=30 * DAY)
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, switched_off=["user_inactivity"])
    check(organization)
    assert alerts(client) == [("zero_activity", 3, "")]


def test_a_rule_that_is_switched_off_resolves_its_alerts(organization: Organization) -> None:
    client = add_client(organization, silent=60 * HOUR)
    check(organization)
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, switched_off=["inactivity", "zero_activity", "user_inactivity"])
    assert check(organization, NOW + HOUR) == Checked(processed=1, resolved=1)
    assert alerts(client) == [("inactivity", 2, "rule_off")]


def test_weekends_and_holidays_do_not_count_where_business_days_do(organization: Organization) -> None:
    # In Berlin. Friday noon; Monday is a holiday: 48 hours of business have passed on Wednesday at noon.
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, counts_business_days=True)
        Holiday.objects.create(organization=organization, day="2026-11-23")
    friday = NOW + 2 * DAY
    client = add_client(organization)
    set_last_activity(client, friday)
    assert check(organization, friday + 5 * DAY - A_MOMENT) == Checked(processed=1)
    assert check(organization, friday + 5 * DAY) == Checked(processed=1, opened=1)
