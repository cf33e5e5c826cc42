from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from health.alerts import resolve_alert
from health.models import Alert, ClientNote
from telemetry.merging import merge_clients
from tests.health.watched_clients import (
    DAY,
    HOUR,
    NOW,
    add_client,
    add_task,
    alerts,
    check,
    member,
    set_last_activity,
)


def merge(organization: Organization, *pairs: tuple[Client, Client]) -> None:
    with organization_scope(organization.pk):
        merge_clients(organization.pk, [(former.pk, own.pk) for former, own in pairs])


def test_alerts_and_notes_follow_a_merged_client(organization: Organization) -> None:
    former, own = add_client(organization, silent=30 * DAY), add_client(organization)
    check(organization)
    with all_organizations():
        ClientNote.objects.create(organization=organization, client=former, text="Prefers calls.", written_at=NOW)
    merge(organization, (former, own))
    assert (alerts(former), alerts(own)) == ([], [("user_inactivity", 2, "")])
    with all_organizations():
        assert ClientNote.objects.get().client == own
    set_last_activity(own, NOW)
    check(organization, NOW + HOUR)
    assert alerts(own) == [("user_inactivity", 2, "condition_ended")]


def test_the_alert_of_the_client_that_is_left_stays(organization: Organization) -> None:
    first, second, own, other = (
        add_client(organization, silent=silent) for silent in (30 * DAY, 4 * DAY, 50 * HOUR, 4 * DAY)
    )
    add_task(first, untouched=80 * HOUR)
    check(organization)
    merge(organization, (first, own), (second, own))
    assert sorted(alerts(own)) == [
        ("inactivity", 2, ""),
        ("task_stalled", 2, ""),
        ("user_inactivity", 2, "client_left_out"),
        ("zero_activity", 3, "client_left_out"),
    ]
    assert alerts(other) == [("zero_activity", 3, "")]
    with all_organizations():
        left_out = Alert.objects.filter(resolution="client_left_out")
        assert {tuple(alert.entries.values_list("step", flat=True)) for alert in left_out} == {("opened", "resolved")}


def test_of_two_former_clients_the_older_alert_stays(organization: Organization) -> None:
    first, second, own = (add_client(organization, silent=silent) for silent in (50 * HOUR, 4 * DAY, HOUR))
    check(organization)
    merge(organization, (second, first), (first, own))
    assert alerts(own) == [("inactivity", 2, ""), ("zero_activity", 3, "client_left_out")]


def test_an_open_alert_stays_before_one_that_a_member_resolved(organization: Organization) -> None:
    former, own = (add_client(organization, silent=50 * HOUR) for _ in range(2))
    check(organization)
    ann = member(organization, "ann")
    with all_organizations():
        resolve_alert(Alert.objects.get(client=own).pk, actor=ann, at=NOW)
    merge(organization, (former, own))
    assert alerts(own) == [("inactivity", 2, ""), ("inactivity", 2, "by_hand")]
