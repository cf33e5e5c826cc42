"""What a client sees of its milestones."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.milestones.showing import (
    Progress,
    celebrate,
    description_of,
    milestones_of,
    next_milestones,
    reward_of,
    title_of,
    uncelebrated,
)
from success.models import Milestone, MilestoneDefinition
from tests.success.histories import store
from tests.success.oracle import History
from tests.success.reached_milestones import LONG_AGO, NOW, client, define, only, reach
from tests.success.scored_clients import PERIOD_END, add_score


def busy(**counts: int) -> History:
    """So many events of each type, one a day from the first of November."""
    events = [
        (datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(days=day), kind, False)
        for kind, count in counts.items()
        for day in range(count)
    ]
    return History(created_at=LONG_AGO, events=events)


def shown(organization: Organization, *, limit: int = 3) -> list[tuple[str, int, int]]:
    with organization_scope(organization.pk):
        found = next_milestones(client(organization), limit=limit)
        return [(each.definition.key, each.value, each.threshold) for each in found]


def keys(milestones: list[Milestone]) -> list[str]:
    return [milestone.definition.key for milestone in milestones]


def test_what_was_reached_is_shown_newest_first_in_one_query(
    organization: Organization, outsider: Organization
) -> None:
    store(organization, [busy(login=1, content_generated=10), busy(login=1)])
    reach(organization)
    with organization_scope(organization.pk):
        who = client(organization)
        with CaptureQueriesContext(connection) as captured:
            milestones = milestones_of(who)
            assert sorted(keys(milestones)) == ["contents-10", "first-content", "first-login"]
            assert keys(milestones)[0] == "contents-10"
    assert len(captured) == 1


def test_each_is_celebrated_once(organization: Organization, outsider: Organization) -> None:
    only(organization, "once")
    store(organization, [busy(login=1), busy(login=1)])
    reach(organization)
    with organization_scope(organization.pk):
        who = client(organization)
        assert [keys(uncelebrated(who)), keys(uncelebrated(who))] == [["once"], ["once"]]
        assert [keys(celebrate(who, at=NOW)), keys(celebrate(who, at=NOW)), uncelebrated(who)] == [["once"], [], []]
        celebrated = Milestone.objects.order_by("client").values_list("celebrated_at", flat=True)
        assert list(celebrated) == [NOW, None]


def test_next_is_what_is_nearest_one_of_each_measure(organization: Organization) -> None:
    store(organization, [busy(content_generated=9, visual_created=3, login=1)])
    reach(organization)
    assert shown(organization) == [("contents-10", 9, 10), ("visuals-10", 3, 10), ("active-days-30", 9, 30)]
    assert shown(organization, limit=1) == [("contents-10", 9, 10)]


def test_nothing_done_is_progress_of_nothing(organization: Organization, outsider: Organization) -> None:
    store(organization, [History(LONG_AGO)])
    assert shown(organization, limit=10) == [
        ("first-login", 0, 1),
        ("first-content", 0, 1),
        ("first-feedback", 0, 1),
        ("visuals-10", 0, 10),
        ("active-days-30", 0, 30),
        ("tasks-100", 0, 100),
    ]


def test_scores_and_onboarding_show_progress_once_they_are_measured(organization: Organization) -> None:
    history = History(LONG_AGO, onboarding=[(LONG_AGO, LONG_AGO), (LONG_AGO, None), (LONG_AGO, None)])
    store(organization, [history])
    with all_organizations():
        MilestoneDefinition.objects.exclude(measure__in=["score", "onboarding_percent"]).update(is_active=False)
    who = client(organization)
    assert shown(organization) == [("onboarding-done", 33, 100)]
    add_score(who, overall=70)
    add_score(who, period_end=PERIOD_END - timedelta(weeks=1), overall=20)
    assert shown(organization) == [("score-80", 70, 80), ("onboarding-done", 33, 100)]


def test_onboarding_that_was_not_begun_is_at_nothing(organization: Organization) -> None:
    only(organization, "set-up", measure="onboarding_percent", threshold=50)
    store(organization, [History(LONG_AGO, onboarding=[(LONG_AGO, None)])])
    assert shown(organization) == [("set-up", 0, 50)]


def test_what_is_reached_and_not_yet_recorded_is_not_next(organization: Organization) -> None:
    only(organization, "once")
    store(organization, [busy(login=1)])
    assert shown(organization) == []


def test_next_is_one_query_and_made_of_the_definitions_in_force(organization: Organization) -> None:
    define(organization, "first-login", threshold=4)
    define(organization, "visuals-10", is_active=False)
    store(organization, [busy(login=3)])
    with organization_scope(organization.pk):
        who: Client = client(organization)
        with CaptureQueriesContext(connection) as captured:
            [first, *_] = next_milestones(who)
    assert len(captured) == 1
    assert (first.definition.key, first.value, first.threshold, first.percent) == ("first-login", 3, 4, 75)


@pytest.mark.parametrize(("value", "percent"), [(0, 0), (1, 33), (2, 66)])
def test_percent_is_rounded_down(value: int, percent: int) -> None:
    assert Progress(MilestoneDefinition(), value, 3).percent == percent


def test_only_the_platforms_texts_are_translated(organization: Organization) -> None:
    platforms, own = (
        MilestoneDefinition(title="Score", description="", organization_id=owner) for owner in (None, organization.pk)
    )
    with translation.override("de"):
        assert [title_of(platforms), title_of(own)] == [translation.gettext("Score"), "Score"]
        assert [description_of(platforms), description_of(own)] == ["", ""]


def test_a_reward_is_seen_once_it_was_given() -> None:
    definition = MilestoneDefinition(reward_kind="code", reward="MUG-42")
    given, open_one = Milestone(definition=definition, reward_given_at=NOW), Milestone(definition=definition)
    assert (reward_of(given), reward_of(open_one)) == ("MUG-42", "")
