"""What members can say of alerts in the console, and what they are told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations
from health.console import step_form
from health.models import Alert
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory, MembershipFactory, OrganizationFactory, UserFactory
from tests.health.alert_rows import alert_of
from tests.health.consoles import LIST, STEP, choose, page_of, state, steps_of, take, told, user_of
from tests.jobs.test_races import at_once
from tests.sessions import sign_in

# A Wednesday, ten in the morning in Berlin.
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ann(organization: Organization) -> Browser:
    return staff(organization, "Ann", "Archer")


@pytest.fixture
def ben(organization: Organization) -> Browser:
    return staff(organization, "Ben", "")


def staff(organization: Organization, first_name: str, last_name: str) -> Browser:
    member = MembershipFactory.create(organization=organization, user__first_name=first_name, user__last_name=last_name)
    return sign_in(Browser(), member.user)


@pytest.fixture
def alert(organization: Organization, outsider: Organization, client_of_acme: Client) -> Alert:
    return alert_of(client_of_acme)


@pytest.fixture
def foreign(outsider: Organization) -> Alert:
    return alert_of(ClientFactory.create(organization=outsider))


def more(organization: Organization, count: int) -> list[Alert]:
    return [alert_of(ClientFactory.create(organization=organization)) for _ in range(count)]


def test_acknowledging_with_a_note(ann: Browser, alert: Alert) -> None:
    response = take(ann, "acknowledge", alert, note="I call them at noon.\n— Ann", next=page_of(alert))
    assert (response.status_code, response["Location"]) == (302, page_of(alert))
    assert told(response) == ["1 alert acknowledged."]
    assert state(alert) == {"acknowledged_by": user_of(ann).pk}
    assert steps_of(alert) == [("acknowledged", "I call them at noon.\n— Ann")]


def test_the_second_is_told_who_was_first_and_when(ann: Browser, ben: Browser, alert: Alert) -> None:
    take(ann, "acknowledge", alert)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        response = take(ben, "acknowledge", alert)
    assert told(response) == ["Acknowledged before: 1 (Ann Archer, 11/18/2026 10 a.m.)"]
    assert state(alert) == {"acknowledged_by": user_of(ann).pk}


def test_of_fifty_at_once_one_wins_and_the_others_are_told_by_whom(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    alert = alert_of(ClientFactory.create(organization=organization))
    people = [staff(organization, f"Member {number}", "") for number in range(50)]
    calls = [partial(take, browser, "acknowledge", alert) for browser in people]
    messages = [told(response) for response in at_once(*calls)]
    winner = messages.index(["1 alert acknowledged."])
    late = [f"Acknowledged before: 1 (Member {winner}, 11/18/2026 9 a.m.)"]
    assert [message for number, message in enumerate(messages) if number != winner] == [late] * 49
    assert (state(alert), len(steps_of(alert))) == ({"acknowledged_by": user_of(people[winner]).pk}, 1)


def test_some_may_take_the_step_and_others_not(ann: Browser, ben: Browser, organization: Organization) -> None:
    first, second, third, resolved, ended = more(organization, 5)
    take(ann, "acknowledge", first)
    take(ann, "resolve", resolved)
    with all_organizations():
        Alert.objects.filter(pk=ended.pk).update(
            resolved_at=NOW + timedelta(hours=1), ended_at=NOW, resolution="condition_ended"
        )
    response = choose(ben, "acknowledge", first, second, third, resolved, ended)
    assert sorted(told(response)) == [
        "2 alerts acknowledged.",
        "Acknowledged before: 1 (Ann Archer, 11/18/2026 10 a.m.)",
        "Resolved before: 2 (Ann Archer, 11/18/2026 10 a.m.; by itself, 11/18/2026 11 a.m.)",
    ]


def test_no_more_than_three_who_were_first_are_named(ann: Browser, ben: Browser, organization: Organization) -> None:
    alerts = more(organization, 5)
    take(ann, "acknowledge", *alerts[:2])
    for hours, alert in enumerate(alerts[2:], start=1):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            take(ann, "acknowledge", alert)
    (message,) = told(choose(ben, "acknowledge", *alerts))
    assert (message.startswith("Acknowledged before: 5 ("), message.count("Ann Archer"), message[-4:]) == (
        True,
        3,
        "; …)",
    )


@pytest.mark.parametrize("ids", [["abc"], ["\0"], ["9" * 40], ["-1"], [""]])
def test_ticks_of_no_alert_do_nothing(ann: Browser, alert: Alert, ids: list[str]) -> None:
    response = ann.post(LIST, {"action": "acknowledge", "_selected_action": ids})
    assert (response.status_code, state(alert)) == (302, {})


def test_assigning_to_a_member_and_to_nobody(ann: Browser, ben: Browser, alert: Alert) -> None:
    assert told(take(ann, "assign", alert, owner=user_of(ben).pk, note="Yours.")) == ["1 alert assigned."]
    assert state(alert) == {"owner": user_of(ben).pk}
    assert told(take(ann, "assign", alert, owner=user_of(ben).pk)) == ["Nothing to change: it was so already."]
    take(ann, "assign", alert, owner="")
    assert state(alert) == {}
    assert steps_of(alert) == [("assigned", "Yours."), ("assigned", "")]


@pytest.mark.parametrize("owner", ["stranger", "gone", "nobody", "words", "2147483648000000000000"])
def test_only_a_member_can_be_given_an_alert(ann: Browser, alert: Alert, outsider: Organization, owner: str) -> None:
    gone = MembershipFactory.create(organization_id=alert.organization_id, user__is_active=False).user
    people = {
        "stranger": MembershipFactory.create(organization=outsider).user.pk,
        "gone": gone.pk,
        "nobody": UserFactory.create().pk,
    }
    response = take(ann, "assign", alert, owner=people.get(owner, owner))
    assert response.status_code == 200
    assert "Select a valid choice" in response.content.decode()
    assert state(alert) == {}


def test_an_operator_gives_alerts_to_members_of_their_organization_only(
    alert: Alert, foreign: Alert, ann: Browser
) -> None:
    operator = operators_browser()
    response = take(operator, "assign", alert, foreign, owner=user_of(ann).pk)
    assert told(response) == [
        "1 alert assigned.",
        "Not assigned, as this person is no member of the organization: 1",
    ]
    assert (state(alert), state(foreign)) == ({"owner": user_of(ann).pk}, {})
    assert told(choose(operator, "assign_to_me", alert)) == ["You are no member of this organization."]


def test_an_operator_chooses_among_the_members_of_the_chosen(
    alert: Alert, foreign: Alert, ann: Browser, outsider: Organization
) -> None:
    MembershipFactory.create(organization=outsider, user__first_name="Stranger")
    operator = operators_browser()
    page = choose(operator, "assign", alert).content.decode()
    assert ("Ann Archer" in page, "Stranger" in page) == (True, False)
    page = operator.get(page_of(alert)).content.decode()
    assert ("Ann Archer" in page, "Stranger" in page) == (True, False)


# The ends in UTC; nine in Berlin is eight there.
SNOOZES = {
    "hour": datetime(2026, 11, 18, 10, tzinfo=UTC),
    "tomorrow": datetime(2026, 11, 19, 8, tzinfo=UTC),
    "monday": datetime(2026, 11, 23, 8, tzinfo=UTC),
    "week": datetime(2026, 11, 25, 9, tzinfo=UTC),
    "": datetime(2026, 11, 19, 8, tzinfo=UTC),
}


@pytest.mark.parametrize("until", SNOOZES)
def test_snoozing_for_a_while(ann: Browser, alert: Alert, until: str) -> None:
    assert told(take(ann, "snooze", alert, until=until)) == ["1 alert snoozed."]
    assert state(alert) == {"snoozed_until": SNOOZES[until]}


def test_snoozing_on_a_monday_until_monday_is_a_week(ann: Browser, alert: Alert) -> None:
    with time_machine.travel(datetime(2026, 11, 16, 5, tzinfo=UTC), tick=False):
        take(ann, "snooze", alert, until="monday")
    assert state(alert) == {"snoozed_until": datetime(2026, 11, 23, 8, tzinfo=UTC)}


def test_mornings_are_at_nine_after_the_clocks_have_changed(ann: Browser, alert: Alert) -> None:
    # The Saturday before summer time: nine in Berlin on Sunday is seven UTC.
    with time_machine.travel(datetime(2026, 3, 28, 12, tzinfo=UTC), tick=False):
        take(ann, "snooze", alert, until="tomorrow")
    assert state(alert) == {"snoozed_until": datetime(2026, 3, 29, 7, tzinfo=UTC)}


def test_snoozing_until_a_time_of_the_organization(ann: Browser, alert: Alert) -> None:
    take(ann, "snooze", alert, until="time", until_time="2026-12-24T18:30")
    assert state(alert) == {"snoozed_until": datetime(2026, 12, 24, 17, 30, tzinfo=UTC)}


def test_snoozing_until_it_changes_and_waking_it(ann: Browser, alert: Alert) -> None:
    take(ann, "snooze", alert, until="change")
    with all_organizations():
        row = Alert.objects.get(pk=alert.pk)
    assert (row.snoozed_at, row.snoozed_until) == (NOW, None)
    assert told(take(ann, "wake", alert, note="Enough.")) == ["1 alert woken."]
    assert told(take(ann, "wake", alert)) == ["Nothing to change: it was so already."]
    assert steps_of(alert) == [("snoozed", ""), ("woken", "Enough.")]


PAST, FAR = "Choose a time that is still to come.", "Choose a time within the next ten years."


@pytest.mark.parametrize(
    ("zone", "until_time", "complaint"),
    [
        ("Europe/Berlin", "2026-11-18T10:00", PAST),
        ("Europe/Berlin", "2036-11-19T10:00", FAR),
        ("Europe/Berlin", "", "Say until when."),
        ("Europe/Berlin", "tomorrow", "Enter a valid date/time."),
        ("Europe/Berlin", "2026-02-30T10:00", "Enter a valid date/time."),
        ("Europe/Berlin", "2027-03-28T02:30", "interpreted"),
        *(
            (zone, until_time, complaint)
            for zone in ("Europe/Berlin", "Pacific/Kiritimati", "America/Los_Angeles")
            for until_time, complaint in (("0001-01-01T00:00", PAST), ("9999-12-31T23:59", FAR))
        ),
    ],
)
def test_a_snooze_ends_at_a_time_that_is_to_come(
    ann: Browser, alert: Alert, zone: str, until_time: str, complaint: str
) -> None:
    with all_organizations():
        Organization.objects.filter(pk=alert.organization_id).update(timezone=zone)
    response = take(ann, "snooze", alert, until="time", until_time=until_time)
    assert response.status_code == 200
    assert complaint in response.content.decode()
    assert state(alert) == {}


def test_resolving_and_reopening(ann: Browser, ben: Browser, alert: Alert) -> None:
    assert told(take(ann, "resolve", alert, note="They are back.")) == ["1 alert resolved."]
    assert state(alert) == {"resolved_by": user_of(ann).pk, "resolution": "by_hand"}
    assert told(take(ben, "resolve", alert)) == ["Resolved before: 1 (Ann Archer, 11/18/2026 10 a.m.)"]
    assert told(take(ben, "reopen", alert)) == ["1 alert reopened."]
    assert state(alert) == {}
    assert told(take(ben, "reopen", alert)) == ["Nothing to change: it was so already."]


def test_what_a_newer_one_has_followed_is_not_reopened(ann: Browser, client_of_acme: Client) -> None:
    old = alert_of(client_of_acme, resolved_at=NOW, ended_at=NOW, resolution="condition_ended")
    alert_of(client_of_acme, opened_at=NOW, changed_at=NOW)
    assert told(take(ann, "reopen", old)) == ["Not reopened, as there is a newer one: 1"]


def test_a_note_needs_words(ann: Browser, alert: Alert) -> None:
    assert told(take(ann, "note", alert, note="Called.")) == ["Noted on 1 alert."]
    assert "Write the note." in take(ann, "note", alert, note=" \n ").content.decode()
    assert steps_of(alert) == [("noted", "Called.")]


def test_a_note_on_many_is_in_the_log_of_each_and_changes_no_state(ann: Browser, organization: Organization) -> None:
    first, second, resolved = more(organization, 3)
    take(ann, "acknowledge", second)
    take(ann, "resolve", resolved)
    before = [state(alert) for alert in (first, second, resolved)]
    asked = choose(ann, "note", first, second, resolved).context["form"]["alerts"].initial
    assert told(take(ann, "note", asked, note="Their office has moved.")) == ["Noted on 3 alerts."]
    assert [state(alert) for alert in (first, second, resolved)] == before
    assert [steps_of(alert)[-1] for alert in (first, second, resolved)] == [("noted", "Their office has moved.")] * 3


def test_an_empty_note_on_many_is_asked_again_for_all_of_them(ann: Browser, organization: Organization) -> None:
    alerts = more(organization, 3)
    again = take(ann, "note", *alerts, note=" \n ")
    page = again.content.decode()
    assert (again.context["count"], "Write the note." in page, "3 alerts" in page) == (3, True, True)
    assert [steps_of(alert) for alert in alerts] == [[], [], []]


def test_a_note_on_many_leaves_foreign_alerts_alone(ann: Browser, alert: Alert, foreign: Alert) -> None:
    asked = choose(ann, "note", alert, foreign)
    assert (asked.context["count"], asked.context["form"]["alerts"].initial) == (1, str(alert.pk))
    answered = take(ann, "note", alert, foreign, note="Called.")
    assert told(answered) == ["Noted on 1 alert.", "Not there any more: 1"]
    assert (steps_of(alert), steps_of(foreign)) == ([("noted", "Called.")], [])


@pytest.mark.parametrize("step", ["acknowledge", "note", "resolve"])
@pytest.mark.parametrize("note", ["a\0b", "x" * 5001], ids=["NUL", "too long"])
def test_a_note_that_cannot_be_kept_is_refused(ann: Browser, alert: Alert, step: str, note: str) -> None:
    response = take(ann, step, alert, note=note)
    assert (response.status_code, state(alert), steps_of(alert)) == (200, {}, [])


def test_notes_are_shown_as_they_were_written(ann: Browser, alert: Alert) -> None:
    longest = "🦆" * 4_900 + "<script>alert(1)</script>"
    take(ann, "note", alert, note=longest)
    page = ann.get(page_of(alert)).content.decode()
    assert "🦆&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_judging_the_last_word_counts(ann: Browser, ben: Browser, alert: Alert) -> None:
    assert told(take(ann, "useful", alert)) == ["1 alert marked as useful."]
    assert told(take(ann, "useful", alert)) == ["Nothing to change: it was so already."]
    assert told(choose(ben, "mark_noise", alert)) == ["1 alert marked as noise."]
    assert state(alert) == {"verdict": "noise"}


@pytest.mark.parametrize(
    ("action", "message", "expected"),
    [
        ("acknowledge", "3 alerts acknowledged.", {"acknowledged_by"}),
        ("assign_to_me", "3 alerts assigned.", {"owner"}),
        ("mark_useful", "3 alerts marked as useful.", {"verdict"}),
        ("mark_noise", "3 alerts marked as noise.", {"verdict"}),
    ],
)
def test_bulk_actions_take_the_step_with_the_chosen(
    ann: Browser, organization: Organization, action: str, message: str, expected: set[str]
) -> None:
    *chosen, other = more(organization, 4)
    assert told(choose(ann, action, *chosen)) == [message]
    assert [set(state(alert)) for alert in (*chosen, other)] == [expected, expected, expected, set()]


@pytest.mark.parametrize("action", ["acknowledge_with_note", "assign", "snooze", "resolve", "note"])
def test_bulk_actions_that_need_a_question_ask_it(ann: Browser, organization: Organization, action: str) -> None:
    *chosen, other = more(organization, 4)
    response = choose(ann, action, *chosen)
    form = response.context["form"]
    assert (response.context["count"], "3 alerts" in response.content.decode()) == (3, True)
    values: dict[str, Any] = {name: form[name].initial or "" for name in form.fields}
    said = {"owner": user_of(ann).pk, "note": "Called.", "next": response.context["next"]}
    answered = ann.post(STEP, values | said)
    assert (answered.status_code, answered["Location"]) == (302, LIST)
    assert [len(steps_of(alert)) for alert in (*chosen, other)] == [1, 1, 1, 0]


def test_all_of_the_view_may_be_chosen(ann: Browser, organization: Organization, foreign: Alert) -> None:
    alerts = more(organization, 3)
    mild = alert_of(ClientFactory.create(organization=organization), severity=2)
    asleep = alert_of(ClientFactory.create(organization=organization), snoozed_at=NOW)
    response = ann.post(
        f"{LIST}?severity__exact=3",
        {"action": "acknowledge", "_selected_action": [alerts[0].pk], "select_across": "1"},
    )
    assert told(response) == ["3 alerts acknowledged."]
    assert [bool(state(alert)) for alert in (*alerts, mild, asleep, foreign)] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("action", ["acknowledge", "snooze"])
def test_more_than_a_step_takes_is_refused_whole(
    ann: Browser, organization: Organization, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setattr("health.admin.alert_steps.MOST_ALERTS", 2)
    alerts = more(organization, 3)
    assert told(choose(ann, action, *alerts)) == ["Choose between 1 and 2 alerts."]
    assert [state(alert) for alert in alerts] == [{}] * 3
    assert choose(ann, action, *alerts[:2]).status_code in (200, 302)


def test_five_thousand_ids_are_taken_and_not_one_more(ann: Browser, alert: Alert) -> None:
    most = step_form.MOST_ALERTS
    others = range(10**9, 10**9 + most - 1)
    response = take(ann, "acknowledge", alert, *others)
    assert told(response) == ["1 alert acknowledged.", f"Not there any more: {most - 1}"]
    refused = take(ann, "resolve", alert, *others, 7)
    assert "Choose between 1 and 5000 alerts." in refused.content.decode()
    assert state(alert) == {"acknowledged_by": user_of(ann).pk}


@pytest.mark.parametrize("ids", ["", "abc", "1;2", "-1", "1.5", "٣", "0x1", "\0", " , ", "1e3", "' OR 1=1"], ids=repr)
def test_ids_that_are_none_are_refused(ann: Browser, alert: Alert, ids: str) -> None:
    response = take(ann, "acknowledge", ids)
    assert (response.status_code, state(alert)) == (200, {})


@pytest.mark.parametrize("number", ["0", "9" * 19, "9" * 30, "9223372036854775808", "0" * 40])
def test_ids_of_no_alert_are_not_there(ann: Browser, number: str) -> None:
    assert told(take(ann, "acknowledge", number)) == ["Not there any more: 1"]


def test_an_alert_named_twice_takes_the_step_once(ann: Browser, alert: Alert) -> None:
    assert told(take(ann, "note", alert, alert, f"00{alert.pk}", note="Once.")) == ["Noted on 1 alert."]


@pytest.mark.parametrize("step", [step.value for step in step_form.Step])
def test_foreign_alerts_are_not_there(ann: Browser, foreign: Alert, step: str) -> None:
    response = take(ann, step, foreign, until="hour", owner="", note="" if step in ("useful", "noise") else "Hm.")
    assert told(response) == ["Not there any more: 1"]
    assert (state(foreign), steps_of(foreign)) == ({}, [])


def test_a_foreign_alert_has_no_page(ann: Browser, foreign: Alert) -> None:
    response = ann.get(page_of(foreign))
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert told(response) == [told(ann.get(f"{LIST}999999999/change/"))[0].replace("999999999", str(foreign.pk))]


@pytest.mark.parametrize("number", ["0", "abc", "9" * 30, "%00", "1'"])
def test_a_page_of_no_alert_leads_home(ann: Browser, number: str) -> None:
    assert ann.get(f"{LIST}{number}/change/").status_code == 302


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\thttps://evil.example",
        "",
    ],
)
def test_a_step_leads_nowhere_else(ann: Browser, alert: Alert, place: str) -> None:
    assert take(ann, "acknowledge", alert, next=place)["Location"] == LIST
    page = take(ann, "note", alert, note="", next=place)
    assert page.context["next"] == LIST


@pytest.mark.parametrize("step", ["", "drop", "acknowledge\0", "ACKNOWLEDGE"])
def test_an_unknown_step_does_nothing(ann: Browser, alert: Alert, step: str) -> None:
    response = take(ann, step, alert)
    assert (response.status_code, state(alert)) == (200, {})


def test_looking_at_the_step_takes_none(ann: Browser, alert: Alert) -> None:
    response = ann.get(STEP, {"step": "acknowledge", "alerts": str(alert.pk)})
    assert (response.status_code, response["Location"], state(alert)) == (302, LIST, {})


def test_who_is_not_staff_takes_no_step(alert: Alert) -> None:
    for browser in (Browser(), signed_in(is_staff=False), signed_in(is_staff=True)):
        take(browser, "acknowledge", alert)
        assert state(alert) == {}


def signed_in(**fields: Any) -> Browser:
    return sign_in(Browser(), UserFactory.create(**fields))


def queries(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_the_alerts_page_takes_as_many_queries_with_a_long_log(ann: Browser, ben: Browser, alert: Alert) -> None:
    queries(ann, page_of(alert))
    one = queries(ann, page_of(alert))
    for _ in range(3):
        take(ben, "assign", alert, owner=user_of(ann).pk)
        take(ann, "assign", alert, owner=user_of(ben).pk)
        take(ann, "note", alert, note="Still.")
    many = queries(ann, page_of(alert))
    # The names of former owners are one more query, however many they are.
    assert many <= one + 1


@pytest.mark.parametrize("step", ["acknowledge", "note"])
def test_a_step_with_many_alerts_takes_as_many_queries_as_with_one(
    ann: Browser, organization: Organization, step: str
) -> None:
    def spent(alerts: list[Alert]) -> int:
        with CaptureQueriesContext(connection) as captured:
            choose(ann, step, *alerts)
            take(ann, step, *alerts, note="Called.")
        return len(captured)

    first, *others = more(organization, 4)
    assert spent([first]) == spent(others)


def test_roles_of_members_do_not_matter(organization: Organization, alert: Alert) -> None:
    for role in Membership.Role:
        assert told(take(browser_of(organization, role), "note", alert, note=role)) == ["Noted on 1 alert."]


@pytest.mark.parametrize("place", ["0", "list", "?page=2", "%_"])
def test_a_step_leads_to_an_address_even_without_a_slash(ann: Browser, alert: Alert, place: str) -> None:
    assert take(ann, "acknowledge", alert, next=place)["Location"] == place
