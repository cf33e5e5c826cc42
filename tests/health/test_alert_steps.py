from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from accounts.models import ApiKey, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from health import alerts
from health.alert_steps import ByKey, Outcome, Reason, Refusal
from health.models import Alert, AlertEntry
from tests.factories import ClientFactory, OrganizationFactory
from tests.health.watched_clients import HOUR, NOW, add_client, check, member
from tests.jobs.test_races import at_once

LATER = NOW + HOUR


@pytest.fixture
def ann(scoped: Organization) -> User:
    return member(scoped, "ann")


@pytest.fixture
def ben(scoped: Organization) -> User:
    return member(scoped, "ben")


@pytest.fixture
def alert(scoped: Organization) -> Alert:
    add_client(scoped, silent=50 * HOUR)
    check(scoped)
    return Alert.objects.get()


def newest_entry(alert: Alert) -> tuple[Any, ...]:
    newest = alert.entries.order_by("id").values_list("step", "actor", "at", "before", "after", "note").last()
    assert newest
    return tuple(newest)


def status(alert: Alert, *, as_of: datetime = LATER) -> str:
    return str(vars(Alert.objects.with_status(as_of=as_of).get(pk=alert.pk))["status"])


def test_acknowledging_is_logged_with_its_note(alert: Alert, ann: User) -> None:
    alerts.acknowledge_alert(alert.pk, actor=ann, note="I call them.", at=LATER)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged_at, status(alert)) == (ann, LATER, "acknowledged")
    expected = ("acknowledged", ann.pk, LATER, {"status": "open"}, {"status": "acknowledged"}, "I call them.")
    assert newest_entry(alert) == expected


def test_who_comes_second_is_told_who_was_first(alert: Alert, ann: User, ben: User) -> None:
    alerts.acknowledge_alert(alert.pk, actor=ann, at=LATER)
    with pytest.raises(alerts.AlreadyAcknowledgedError) as told:
        alerts.acknowledge_alert(alert.pk, actor=ben, at=LATER + HOUR)
    assert (told.value.by, told.value.at, told.value.alert_id) == (ann, LATER, alert.pk)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.entries.count()) == (ann, 2)


def test_a_late_acknowledgement_brings_nothing_back(alert: Alert, ann: User, ben: User) -> None:
    alerts.resolve_alert(alert.pk, actor=ann, at=LATER)
    with pytest.raises(alerts.AlreadyResolvedError) as told:
        alerts.acknowledge_alert(alert.pk, actor=ben, at=LATER + HOUR)
    assert (told.value.by, told.value.at) == (ann, LATER)
    alert.refresh_from_db()
    assert (status(alert), alert.acknowledged_at) == ("resolved", None)


def test_who_acknowledged_is_not_who_resolved(alert: Alert, ann: User, ben: User) -> None:
    alerts.acknowledge_alert(alert.pk, actor=ann, at=LATER)
    Alert.objects.update(resolved_at=LATER + HOUR, ended_at=LATER + HOUR, resolution="condition_ended")
    outcome = alerts.acknowledge_alerts([alert.pk], actor=ben, at=LATER + HOUR)
    assert outcome == Outcome(0, {alert.pk: Refusal(Reason.RESOLVED, None, LATER + HOUR)})


@pytest.mark.parametrize("in_a_members_name", [True, False])
def test_a_program_is_named_by_its_key(alert: Alert, ann: User, ben: User, in_a_members_name: bool) -> None:
    key = ApiKey(name="Slack bot", prefix="sk_12345")
    member = ann if in_a_members_name else None
    alerts.acknowledge_alert(alert.pk, actor=ByKey(key, member), at=LATER)
    entry = alert.entries.get(step="acknowledged")
    assert (entry.actor, entry.api_key) == (member, "Slack bot (sk_12345…)")
    with pytest.raises(alerts.AlreadyAcknowledgedError) as told:
        alerts.acknowledge_alert(alert.pk, actor=ben, at=LATER + HOUR)
    assert (told.value.by, told.value.key, told.value.at) == (member, "Slack bot (sk_12345…)", LATER)


def test_a_key_that_was_first_once_is_not_named_again(alert: Alert, ann: User) -> None:
    key = ApiKey(name="Slack bot", prefix="sk_12345")
    alerts.resolve_alert(alert.pk, actor=ByKey(key), at=NOW)
    alerts.reopen_alert(alert.pk, actor=ann, at=LATER)
    alerts.resolve_alert(alert.pk, actor=ann, at=LATER + HOUR)
    outcome = alerts.resolve_alerts([alert.pk], actor=ann, at=LATER + HOUR)
    assert outcome.refused == {alert.pk: Refusal(Reason.RESOLVED, ann.pk, LATER + HOUR)}
    keyed = vars(Alert.objects.with_keys().get())
    assert [keyed[f"{step}_key"] for step in ("acknowledged", "snoozed", "resolved")] == [None, None, ""]


def test_a_key_that_did_something_else_at_that_moment_was_not_first(alert: Alert, ann: User) -> None:
    alerts.acknowledge_alert(alert.pk, actor=ann, at=LATER)
    alerts.note_on_alert(alert.pk, actor=ByKey(ApiKey(name="Slack bot")), at=LATER, note="Told them.")
    outcome = alerts.acknowledge_alerts([alert.pk], actor=ann, at=LATER)
    assert outcome.refused == {alert.pk: Refusal(Reason.ACKNOWLEDGED, ann.pk, LATER)}
    assert vars(Alert.objects.with_keys().get())["acknowledged_key"] == ""


def test_fifty_acknowledgements_at_once_have_one_winner(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    client = add_client(organization, silent=50 * HOUR)
    check(organization)
    members = [member(organization, f"member-{n}") for n in range(10)]
    with all_organizations():
        alert = Alert.objects.get(client=client)

    def acknowledge(user: User) -> User | None:
        try:
            with organization_scope(organization.pk):
                alerts.acknowledge_alert(alert.pk, actor=user, at=LATER)
        except alerts.AlreadyAcknowledgedError as told:
            return told.by
        return None

    told = at_once(*[partial(acknowledge, user) for user in members * 5])
    with all_organizations():
        alert.refresh_from_db()
        assert alert.entries.count() == 2
    assert told.count(None) == 1
    assert told.count(alert.acknowledged_by) == 49


def test_an_alert_is_given_to_a_member_and_back(alert: Alert, ann: User, ben: User) -> None:
    alerts.assign_alert(alert.pk, owner=ben, actor=ann, at=LATER)
    assert newest_entry(alert) == ("assigned", ann.pk, LATER, {"owner": None}, {"owner": ben.pk}, "")
    alerts.assign_alert(alert.pk, owner=ben, actor=ann, at=LATER)
    alerts.assign_alert(alert.pk, owner=None, actor=ben, at=LATER)
    assert newest_entry(alert) == ("assigned", ben.pk, LATER, {"owner": ben.pk}, {"owner": None}, "")
    assert alert.entries.filter(step="assigned").count() == 2


def test_an_alert_is_not_given_to_a_stranger(alert: Alert, ann: User, outsider: Organization) -> None:
    stranger = member(outsider, "stranger")
    with pytest.raises(alerts.NotAMemberError):
        alerts.assign_alert(alert.pk, owner=stranger, actor=ann, at=LATER)
    with all_organizations(), pytest.raises(alerts.NotAMemberError):
        alerts.assign_alert(alert.pk, owner=stranger, actor=ann, at=LATER)


def test_a_snooze_ends_by_its_time(alert: Alert, ann: User) -> None:
    alerts.acknowledge_alert(alert.pk, actor=ann, at=NOW)
    alerts.snooze_alert(alert.pk, until=LATER, actor=ann, at=NOW)
    expected = {"status": "snoozed", "until": "2026-11-18T13:00:00+00:00"}
    assert newest_entry(alert)[3:5] == ({"status": "acknowledged"}, expected)
    a_moment = timedelta(microseconds=1)
    assert [status(alert, as_of=at) for at in (LATER - a_moment, LATER)] == ["snoozed", "acknowledged"]


def test_a_snooze_until_it_changes_has_no_end(alert: Alert, ann: User) -> None:
    alerts.snooze_alert(alert.pk, until=None, actor=ann, at=NOW)
    assert status(alert, as_of=datetime(9999, 12, 31, tzinfo=UTC)) == "snoozed"
    alerts.wake_alert(alert.pk, actor=ann, at=LATER)
    assert (status(alert), newest_entry(alert)[3:5]) == ("open", ({"status": "snoozed"}, {"status": "open"}))
    alerts.wake_alert(alert.pk, actor=ann, at=LATER)
    assert alert.entries.count() == 3


@pytest.mark.parametrize("until", [NOW, NOW + timedelta(days=3652, microseconds=1)])
def test_a_snooze_ends_in_the_future_that_can_be_told(alert: Alert, ann: User, until: datetime) -> None:
    with pytest.raises(alerts.UnableToSnoozeError):
        alerts.snooze_alert(alert.pk, until=until, actor=ann, at=NOW)


def test_whoever_acknowledges_ends_the_snooze(alert: Alert, ann: User) -> None:
    alerts.snooze_alert(alert.pk, until=None, actor=ann, at=NOW)
    alerts.acknowledge_alert(alert.pk, actor=ann, at=LATER)
    assert status(alert) == "acknowledged"


def test_a_member_resolves_and_reopens(alert: Alert, ann: User) -> None:
    alerts.acknowledge_alert(alert.pk, actor=ann, at=NOW)
    alerts.resolve_alert(alert.pk, actor=ann, at=LATER, note="Spoke to them.")
    after = {"status": "resolved", "resolution": "by_hand"}
    assert newest_entry(alert) == ("resolved", ann.pk, LATER, {"status": "acknowledged"}, after, "Spoke to them.")
    alerts.reopen_alert(alert.pk, actor=ann, at=LATER + HOUR)
    assert status(alert) == "open"
    assert newest_entry(alert)[3:5] == ({"status": "resolved"}, {"status": "open"})
    alerts.reopen_alert(alert.pk, actor=ann, at=LATER + HOUR)
    assert alert.entries.count() == 4


def test_an_alert_that_a_newer_one_follows_stays_resolved(alert: Alert, ann: User) -> None:
    alerts.resolve_alert(alert.pk, actor=ann, at=LATER)
    Alert.objects.update(ended_at=LATER)
    Alert.objects.create(
        organization_id=alert.organization_id, client_id=alert.client_id, matter="silence", kind="inactivity",
        severity=2, opened_at=LATER, changed_at=LATER,
    )  # fmt: skip
    with pytest.raises(alerts.UnableToChangeAlertError) as told:
        alerts.reopen_alert(alert.pk, actor=ann, at=LATER)
    assert told.value.reason == Reason.SUPERSEDED


def test_notes_are_kept_in_any_state(alert: Alert, ann: User) -> None:
    alerts.resolve_alert(alert.pk, actor=ann, at=NOW)
    alerts.note_on_alert(alert.pk, actor=ann, at=LATER, note="Grüße 🎉")
    assert newest_entry(alert) == ("noted", ann.pk, LATER, {}, {}, "Grüße 🎉")


@pytest.mark.parametrize("note", ["a\0b", "x" * 5001])
def test_a_note_that_cannot_be_kept_is_refused(alert: Alert, ann: User, note: str) -> None:
    with pytest.raises(ValidationError):
        alerts.note_on_alert(alert.pk, actor=ann, at=LATER, note=note)


def test_the_last_verdict_counts(alert: Alert, ann: User, ben: User) -> None:
    alerts.judge_alert(alert.pk, verdict=Alert.Verdict.NOISE, actor=ann, at=NOW)
    alerts.judge_alert(alert.pk, verdict=Alert.Verdict.USEFUL, actor=ben, at=LATER)
    alert.refresh_from_db()
    assert (alert.verdict, alert.verdict_by, alert.verdict_at) == ("useful", ben, LATER)
    assert newest_entry(alert)[3:5] == ({"verdict": "noise"}, {"verdict": "useful"})


VERBS: dict[str, Callable[..., Outcome]] = {
    "acknowledge": alerts.acknowledge_alerts,
    "assign": partial(alerts.assign_alerts, owner=None),
    "snooze": partial(alerts.snooze_alerts, until=None),
    "wake": alerts.wake_alerts,
    "resolve": alerts.resolve_alerts,
    "reopen": alerts.reopen_alerts,
    "note": partial(alerts.note_on_alerts, note="hello"),
    "judge": partial(alerts.judge_alerts, verdict=Alert.Verdict.NOISE),
}


@pytest.mark.parametrize("verb", VERBS)
def test_alerts_of_others_are_like_none(verb: str, ann: User, outsider: Organization) -> None:
    add_client(outsider, silent=50 * HOUR)
    check(outsider)
    with all_organizations():
        foreign = Alert.objects.get(organization=outsider)
    ids = [foreign.pk, 0, -1, 2**62, 2**63, 10**30]
    outcome = VERBS[verb](ids, actor=ann, at=LATER)
    assert outcome == Outcome(0, dict.fromkeys(ids, Refusal(Reason.UNKNOWN)))
    with all_organizations():
        assert foreign.entries.count() == 1


@pytest.mark.parametrize("verb", ["acknowledge", "assign", "snooze", "wake", "resolve"])
def test_what_is_resolved_takes_no_more_steps(verb: str, alert: Alert, ann: User) -> None:
    alerts.resolve_alert(alert.pk, actor=ann, at=NOW)
    outcome = VERBS[verb]([alert.pk], actor=ann, at=LATER)
    assert outcome == Outcome(0, {alert.pk: Refusal(Reason.RESOLVED, ann.pk, NOW)})


def test_nothing_asked_is_nothing_done(ann: User) -> None:
    assert alerts.resolve_alerts([], actor=ann, at=NOW) == Outcome(0, {})


def test_many_alerts_take_a_step_in_one_statement(
    scoped: Organization, ann: User, ben: User, django_assert_num_queries: Any
) -> None:
    clients = ClientFactory.create_batch(3, organization=scoped)
    made = Alert.objects.bulk_create(
        Alert(
            organization=scoped, client=clients[n % 3], matter="tasks", kind="task_stalled", severity=2,
            opened_at=NOW, changed_at=NOW, resolved_at=NOW if n > 2 else None, ended_at=NOW if n > 2 else None,
            resolution="condition_ended" if n > 2 else "",
        )
        for n in range(1000)
    )  # fmt: skip
    ids = [alert.pk for alert in made]
    alerts.acknowledge_alerts(ids[:1], actor=ben, at=NOW)
    with django_assert_num_queries(3):
        outcome = alerts.acknowledge_alerts(ids, actor=ann, at=LATER)
    assert outcome.changed == 2
    assert outcome.refused == {
        ids[0]: Refusal(Reason.ACKNOWLEDGED, ben.pk, NOW),
        **dict.fromkeys(ids[3:], Refusal(Reason.RESOLVED, None, NOW)),
    }
    outcome = alerts.note_on_alerts(ids, actor=ann, at=LATER, note="all of them")
    assert (outcome.changed, AlertEntry.objects.filter(note="all of them").count()) == (1000, 1000)


def test_the_log_is_only_added_to(alert: Alert) -> None:
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        alert.entries.update(note="edited")


def test_alerts_are_found_by_their_status(scoped: Organization, ann: User) -> None:
    for _ in range(4):
        add_client(scoped, silent=50 * HOUR)
    check(scoped)
    opened, acknowledged, snoozed, resolved = Alert.objects.order_by("id")
    alerts.acknowledge_alert(acknowledged.pk, actor=ann, at=NOW)
    alerts.snooze_alert(snoozed.pk, until=LATER, actor=ann, at=NOW)
    alerts.resolve_alert(resolved.pk, actor=ann, at=NOW)
    found = {each: list(Alert.objects.in_status(each, as_of=NOW).order_by("id")) for each in Alert.Status}
    assert found == {"open": [opened], "acknowledged": [acknowledged], "snoozed": [snoozed], "resolved": [resolved]}
    assert [status(each, as_of=NOW) for each in (opened, acknowledged, snoozed, resolved)] == list(found)
    assert set(Alert.objects.open_alerts(as_of=LATER)) == {opened, snoozed}
    assert set(Alert.objects.unresolved()) == {opened, acknowledged, snoozed}


def test_the_worst_come_first_and_of_those_the_oldest(scoped: Organization) -> None:
    for hours in (50, 80, 24 * 30):
        add_client(scoped, silent=hours * HOUR, external_id=str(hours))
        check(scoped)
    add_client(scoped, silent=80 * HOUR, external_id="newer")
    check(scoped, LATER)
    assert [alert.client.external_id for alert in Alert.objects.worst_first().select_related("client")] == [
        "80", "newer", "50", "720",
    ]  # fmt: skip
