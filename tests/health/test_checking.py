from datetime import timedelta

from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from health.alerts import acknowledge_alert, assign_alert, reopen_alert, resolve_alert, snooze_alert
from health.checking import Checked
from health.models import Alert, AlertEntry
from tests.health.watched_clients import (
    DAY,
    HOUR,
    NOW,
    add_client,
    add_scores,
    add_task,
    alert_of,
    alerts,
    check,
    log,
    member,
    set_last_activity,
    steps,
)

SILENT = {"kind": "inactivity", "severity": 2}
VERSIONS = "SELECT id, xmin::text, ctid::text, xmax::text FROM health_alert ORDER BY id"


def versions() -> list[tuple[object, ...]]:
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(VERSIONS)
        return list(cursor.fetchall())


def test_a_check_in_which_nothing_has_changed_writes_nothing(organization: Organization) -> None:
    client = add_client(organization, silent=4 * DAY)
    add_task(client, untouched=80 * HOUR)
    add_scores(client, {"2026-11-02": 60, "2026-11-09": 50, "2026-11-16": 30})
    assert check(organization) == Checked(processed=1, opened=4)
    before = versions()
    for hour in range(1, 4):
        assert check(organization, NOW + hour * HOUR) == Checked(processed=1)
    assert (versions(), len(steps(client))) == (before, 4)


def test_what_returns_within_a_day_is_the_same_alert(organization: Organization) -> None:
    client = add_client(organization, silent=48 * HOUR)
    check(organization)
    set_last_activity(client, NOW)
    check(organization, NOW + HOUR)
    set_last_activity(client, NOW - 48 * HOUR)
    assert check(organization, NOW + 25 * HOUR) == Checked(processed=1, reopened=1)
    alert = alert_of(client)
    assert (alert.reopened_count, alert.opened_at, alert.changed_at) == (1, NOW, NOW + 25 * HOUR)
    assert (alert.resolved_at, alert.ended_at, alert.resolution) == (None, None, "")
    assert log(client)[-1] == ("reopened", SILENT, {"kind": "zero_activity", "severity": 3})


def test_what_returns_later_is_another_alert(organization: Organization) -> None:
    client = add_client(organization, silent=48 * HOUR)
    check(organization)
    set_last_activity(client, NOW)
    check(organization, NOW + HOUR)
    assert check(organization, NOW + 49 * HOUR) == Checked(processed=1, opened=1)
    assert alerts(client) == [("inactivity", 2, "condition_ended"), ("inactivity", 2, "")]


def test_the_matters_of_a_client_are_alerts_of_their_own(organization: Organization) -> None:
    client = add_client(organization, silent=4 * DAY)
    add_task(client, untouched=80 * HOUR)
    check(organization)
    set_last_activity(client, NOW)
    check(organization, NOW + HOUR)
    with all_organizations():
        found = Alert.objects.filter(client=client).values_list("matter", "resolution")
        assert set(found) == {("silence", "condition_ended"), ("tasks", "")}


def test_an_alert_stays_acknowledged_until_it_gets_severer(organization: Organization) -> None:
    ann = member(organization, "ann")
    client = add_client(organization, silent=21 * DAY)
    check(organization)
    with all_organizations():
        assign_alert(alert_of(client).pk, owner=ann, actor=ann, at=NOW)
        acknowledge_alert(alert_of(client).pk, actor=ann, at=NOW)
    check(organization, NOW + 23 * DAY)
    assert alert_of(client).acknowledged_by_id == ann.pk
    check(organization, NOW + 24 * DAY)
    alert = alert_of(client)
    assert (alert.acknowledged_at, alert.acknowledged_by, alert.owner) == (None, None, ann)
    assert log(client)[-1][1] == {"kind": "user_inactivity", "severity": 2, "acknowledgedBy": ann.pk}


def test_a_milder_kind_does_not_undo_an_acknowledgement(organization: Organization) -> None:
    ann = member(organization, "ann")
    client = add_client(organization, silent=20 * DAY)
    check(organization)
    with all_organizations():
        acknowledge_alert(alert_of(client).pk, actor=ann, at=NOW)
    assert check(organization, NOW + DAY) == Checked(processed=1, escalated=1)
    assert alert_of(client).acknowledged_by_id == ann.pk


def test_an_alert_that_comes_back_has_to_be_acknowledged_again(organization: Organization) -> None:
    ann = member(organization, "ann")
    client = add_client(organization, silent=48 * HOUR)
    check(organization)
    with all_organizations():
        acknowledge_alert(alert_of(client).pk, actor=ann, at=NOW)
    set_last_activity(client, NOW)
    check(organization, NOW + HOUR)
    set_last_activity(client, NOW - 48 * HOUR)
    check(organization, NOW + 2 * HOUR)
    assert alert_of(client).acknowledged_by is None


def test_a_snooze_until_it_changes_ends_when_it_changes(organization: Organization) -> None:
    ann = member(organization, "ann")
    client = add_client(organization, silent=48 * HOUR)
    check(organization)
    with all_organizations():
        snooze_alert(alert_of(client).pk, until=None, actor=ann, at=NOW)
    check(organization, NOW + 23 * HOUR)
    assert alert_of(client).snoozed_at == NOW
    check(organization, NOW + DAY)
    alert = alert_of(client)
    assert (alert.snoozed_at, alert.snoozed_by) == (None, None)
    assert sorted(steps(client)) == ["escalated", "opened", "snoozed", "woken"]


def test_a_snooze_until_a_time_lasts_until_then(organization: Organization) -> None:
    ann = member(organization, "ann")
    client = add_client(organization, silent=48 * HOUR)
    check(organization)
    with all_organizations():
        snooze_alert(alert_of(client).pk, until=NOW + 3 * DAY, actor=ann, at=NOW)
    check(organization, NOW + DAY)
    assert alert_of(client).snoozed_until == NOW + 3 * DAY
    assert steps(client) == ["opened", "snoozed", "escalated"]


def resolved_by_hand(organization: Organization) -> Client:
    client = add_client(organization, silent=48 * HOUR)
    check(organization)
    ann = member(organization, "ann")
    with all_organizations():
        resolve_alert(alert_of(client).pk, actor=ann, at=NOW)
    return client


def test_what_a_member_resolved_stays_quiet_while_it_lasts(organization: Organization) -> None:
    client = resolved_by_hand(organization)
    before = versions()
    assert check(organization, NOW + 23 * HOUR) == Checked(processed=1)
    assert (alerts(client), versions()) == ([("inactivity", 2, "by_hand")], before)


def test_what_a_member_resolved_comes_back_when_it_gets_worse(organization: Organization) -> None:
    client = resolved_by_hand(organization)
    assert check(organization, NOW + DAY) == Checked(processed=1, reopened=1)
    assert alerts(client) == [("zero_activity", 3, "")]
    assert steps(client) == ["opened", "resolved", "reopened"]


def test_what_a_member_resolved_and_is_over_is_only_marked(organization: Organization) -> None:
    client = resolved_by_hand(organization)
    set_last_activity(client, NOW)
    assert check(organization, NOW + HOUR) == Checked(processed=1)
    alert = alert_of(client)
    assert (alert.resolution, alert.resolved_at, alert.ended_at) == ("by_hand", NOW, NOW + HOUR)
    assert steps(client) == ["opened", "resolved"]
    assert check(organization, NOW + 48 * HOUR) == Checked(processed=1, opened=1)


def test_what_a_member_reopened_without_reason_resolves_itself(organization: Organization) -> None:
    client = resolved_by_hand(organization)
    ann = alert_of(client).resolved_by
    assert ann
    set_last_activity(client, NOW)
    check(organization, NOW + HOUR)
    with all_organizations():
        reopen_alert(alert_of(client).pk, actor=ann, at=NOW + HOUR)
    assert check(organization, NOW + 2 * HOUR) == Checked(processed=1, resolved=1)
    assert alerts(client) == [("inactivity", 2, "condition_ended")]


def test_a_range_of_clients_is_checked(organization: Organization) -> None:
    first, second, third = (add_client(organization, silent=50 * HOUR) for _ in range(3))
    assert check(organization, first_client=second.pk, last_client=second.pk) == Checked(processed=1, opened=1)
    for client in (first, second, third):
        set_last_activity(client, NOW)
    assert check(organization, first_client=third.pk) == Checked(processed=1)
    assert check(organization, last_client=second.pk) == Checked(processed=2, resolved=1)


def test_a_check_leaves_other_organizations_alone(organization: Organization, outsider: Organization) -> None:
    theirs = add_client(outsider, silent=50 * HOUR)
    assert check(organization) == Checked()
    assert alerts(theirs) == []


def test_every_step_of_a_check_is_logged_at_its_time_and_by_nobody(organization: Organization) -> None:
    client = add_client(organization, silent=50 * HOUR)
    check(organization)
    with all_organizations():
        entry = AlertEntry.objects.get(alert__client=client)
    assert (entry.at, entry.actor, entry.organization_id, entry.note) == (NOW, None, organization.pk, "")


def test_a_hundred_thousand_years_of_silence_are_no_trouble(organization: Organization) -> None:
    client = add_client(organization, silent=timedelta(days=700_000))
    check(organization)
    assert alerts(client) == [("user_inactivity", 3, "")]
