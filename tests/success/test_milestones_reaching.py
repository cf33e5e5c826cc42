"""What is reached when, by whom, and by which definition."""

import threading
from datetime import UTC, date, datetime, timedelta

from django.db import connections

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Milestone, MilestoneDefinition
from telemetry.incoming import IncomingEvent
from telemetry.recording import record_events
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.oracle import History
from tests.success.reached_milestones import LONG_AGO, NOW, define, logins, only, reach, reached
from tests.success.scored_clients import add_score

DAY = date(2026, 11, 10)
# In Berlin the second begins the next day, in UTC it does not.
BEFORE_MIDNIGHT = datetime(2026, 11, 9, 22, 59, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 11, 9, 23, 1, tzinfo=UTC)


def test_the_platforms_definitions_are_reached_by_a_busy_client(
    organization: Organization, outsider: Organization
) -> None:
    days = [datetime(2026, 10, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(40)]
    kinds = ["login", "content_generated", "content_generated", "visual_created", "task_completed", "feedback_given"]
    busy = History(
        created_at=LONG_AGO,
        events=[(at, kind, False) for at in days for kind in kinds],
        onboarding=[(LONG_AGO, days[3]), (LONG_AGO, days[5])],
    )
    store(organization, [busy])
    assert reach(organization) == 8
    assert {key: (day, value) for key, _, day, value in reached(organization)} == {
        "first-login": (days[0].date(), 1),
        "first-content": (days[0].date(), 2),
        "contents-10": (days[4].date(), 10),
        "contents-50": (days[24].date(), 50),
        "visuals-10": (days[9].date(), 10),
        "active-days-30": (days[29].date(), 30),
        "first-feedback": (days[0].date(), 1),
        "onboarding-done": (days[5].date(), 100),
    }


def test_days_are_those_of_the_organization(organization: Organization) -> None:
    only(organization, "twice", threshold=2)
    store(organization, [logins(BEFORE_MIDNIGHT, AFTER_MIDNIGHT)])
    reach(organization)
    assert reached(organization) == [("twice", "c0", DAY, 2)]


def test_one_less_than_the_threshold_reaches_nothing(organization: Organization) -> None:
    only(organization, "thrice", threshold=3)
    store(organization, [logins(BEFORE_MIDNIGHT, AFTER_MIDNIGHT)])
    assert reach(organization) == 0
    assert reached(organization) == []


def test_again_adds_nothing_and_takes_nothing_back(organization: Organization) -> None:
    definition = only(organization, "once")
    store(organization, [logins(AFTER_MIDNIGHT)])
    assert [reach(organization), reach(organization)] == [1, 0]
    with all_organizations():
        MilestoneDefinition.objects.filter(pk=definition.pk).update(threshold=5)
    assert reach(organization) == 0
    assert reached(organization) == [("once", "c0", DAY, 1)]


def test_only_the_clients_asked_for_are_looked_at(organization: Organization) -> None:
    only(organization, "once")
    ids = store(organization, [logins(AFTER_MIDNIGHT)] * 6)
    reach(organization, clients=[ids[1]])
    assert [row[1] for row in reached(organization)] == ["c1"]
    reach(organization, first_client=ids[2], last_client=ids[3])
    assert [row[1] for row in reached(organization)] == ["c1", "c2", "c3"]
    reach(organization, first_client=ids[4])
    assert [row[1] for row in reached(organization)] == ["c1", "c2", "c3", "c4", "c5"]
    assert reach(organization, clients=[]) == 0


def test_an_own_definition_stands_for_the_platforms(organization: Organization, outsider: Organization) -> None:
    define(organization, "first-login", threshold=2)
    define(organization, "first-content", is_active=False, measure="content_generated")
    define(outsider, "first-feedback", is_active=False)
    once = [("login", False), ("content_generated", False), ("feedback_given", False)]
    store(organization, [History(LONG_AGO, events=[(AFTER_MIDNIGHT, *what) for what in once])])
    reach(organization)
    assert reached(organization) == [("first-feedback", "c0", DAY, 1)]


def test_who_reached_the_platforms_keeps_it_and_does_not_reach_the_own(organization: Organization) -> None:
    at = AFTER_MIDNIGHT
    [client] = store(organization, [History(LONG_AGO, events=[(at, "login", False)], onboarding=[(at, at)])])
    with all_organizations():
        add_score(Client.objects.get(pk=client), period_end=DAY, overall=99)
    assert reach(organization) == 3
    before = reached(organization)
    for key, measure in {"first-login": "logins", "onboarding-done": "onboarding_percent", "score-80": "score"}.items():
        define(organization, key, measure=measure)
    assert reach(organization) == 0
    assert reached(organization) == before


def test_another_organizations_definitions_and_clients_do_not_count(
    organization: Organization, outsider: Organization
) -> None:
    define(outsider, "of-others")
    [foreign] = store(outsider, [logins(AFTER_MIDNIGHT)])
    store(organization, [logins(AFTER_MIDNIGHT)])
    assert reach(organization, clients=[foreign]) == 0
    assert reach(organization) == 1
    assert [reached(organization), reached(outsider)] == [[("first-login", "c0", DAY, 1)], []]


def test_a_late_event_moves_the_day_of_what_was_detected_lately(organization: Organization) -> None:
    only(organization, "twice", threshold=2)
    store(organization, [logins(BEFORE_MIDNIGHT, AFTER_MIDNIGHT)])
    reach(organization)
    late(organization, BEFORE_MIDNIGHT)
    assert reach(organization, at=NOW + timedelta(days=31)) == 0
    assert reached(organization) == [("twice", "c0", date(2026, 11, 9), 2)]


def test_a_late_event_leaves_what_was_detected_long_ago(organization: Organization) -> None:
    only(organization, "twice", threshold=2)
    store(organization, [logins(BEFORE_MIDNIGHT, AFTER_MIDNIGHT)])
    reach(organization)
    late(organization, BEFORE_MIDNIGHT)
    assert reach(organization, at=NOW + timedelta(days=31, seconds=1)) == 0
    assert reached(organization) == [("twice", "c0", DAY, 2)]


def late(organization: Organization, at: datetime) -> None:
    event = IncomingEvent(message_id="late", name="login", external_id="c0", stated_at=at)
    record_events(organization.pk, [event], received_at=NOW)


def test_detecting_at_once_in_many_threads_records_each_once(committed_db: None) -> None:
    organization: Organization = OrganizationFactory.create(timezone="Europe/Berlin")
    store(organization, [logins(AFTER_MIDNIGHT) for _ in range(200)])
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(reach(organization))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(reached(organization)) == 200


def test_a_score_counts_from_the_first_week_that_had_it(organization: Organization) -> None:
    [client] = store(organization, [History(LONG_AGO)])
    weeks = {date(2026, 10, 5): 79, date(2026, 10, 12): 80, date(2026, 10, 19): 95, date(2026, 10, 26): 12}
    with all_organizations():
        scored = Client.objects.get(pk=client)
    for day, overall in weeks.items():
        add_score(scored, period_end=day, overall=overall)
    reach(organization, clients=[client])
    assert reached(organization) == [("score-80", "c0", date(2026, 10, 12), 80)]


def test_a_merged_client_reaches_nothing(organization: Organization) -> None:
    former, own = store(organization, [History(LONG_AGO), History(LONG_AGO)])
    with all_organizations():
        add_score(Client.objects.get(pk=former), overall=90)
        Client.objects.filter(pk=former).update(merged_into=own)
    assert reach(organization) == 0


def test_milestones_are_of_the_same_tenant_as_their_client(organization: Organization, outsider: Organization) -> None:
    store(organization, [logins(AFTER_MIDNIGHT)])
    reach(organization)
    with all_organizations():
        assert set(Milestone.objects.values_list("organization__slug", "client__organization__slug")) == {
            ("acme", "acme")
        }
