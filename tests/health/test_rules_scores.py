import os
import random
from datetime import timedelta

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from health.alerts import resolve_alert
from health.checking import Checked, check_clients
from health.models import Alert
from health.policies import create_policy
from success.models import Score, ScoringPolicy
from tests.factories import OrganizationFactory
from tests.health.watched_clients import (
    DAY,
    HOUR,
    NOW,
    add_client,
    add_scores,
    alert_of,
    alerts,
    check,
    member,
    steps,
)

HOVERING = int(os.environ.get("HOVERING", "5"))
# Mondays.
NOV_16, NOV_9, NOV_2, OCT_26 = "2026-11-16", "2026-11-09", "2026-11-02", "2026-10-26"


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({NOV_9: 80, NOV_16: 61}, []),
        ({NOV_9: 80, NOV_16: 60}, [("score_drop", 2, "")]),
        ({NOV_9: 80, NOV_16: 51}, [("score_drop", 2, "")]),
        ({NOV_9: 80, NOV_16: 50}, [("score_drop", 3, "")]),
        ({NOV_16: 10}, []),
        ({"2026-11-10": 80, NOV_16: 10}, []),
        ({"2026-11-10": 80, NOV_9: 30, NOV_16: 10}, [("score_drop", 2, "")]),
        ({"2026-03-01": 80, "2026-11-18": 60}, [("score_drop", 2, "")]),
        ({NOV_2: 80, NOV_9: 60, NOV_16: 60}, []),
        ({NOV_9: 80, NOV_16: None}, []),
        ({NOV_9: None, NOV_16: 10}, []),
    ],
)
def test_a_drop_is_told_of(organization: Organization, scores: dict[str, int | None], expected: list[object]) -> None:
    client = add_client(organization)
    add_scores(client, scores)
    check(organization)
    assert alerts(client) == expected


def test_the_alert_shows_both_scores(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_9: 80, NOV_16: 60})
    check(organization)
    assert alert_of(client).evidence == {
        "score": 60,
        "periodEnd": NOV_16,
        "scoreBefore": 80,
        "periodEndBefore": NOV_9,
    }


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({OCT_26: 50, NOV_2: 45, NOV_9: 40, NOV_16: 35}, [("churn_risk", 3, "")]),
        ({NOV_2: 50, NOV_9: 44, NOV_16: 39}, [("churn_risk", 3, "")]),
        ({NOV_2: 50, NOV_9: 45, NOV_16: 40}, []),
        ({NOV_2: 48, NOV_9: 44, NOV_16: 39}, []),
        ({NOV_2: 50, NOV_9: 43, NOV_16: 39}, []),
        ({NOV_9: 44, NOV_16: 39}, []),
        ({NOV_2: 50, "2026-11-10": 44, NOV_16: 39}, []),
        # A score between the weeks is no weekly one, but is what the week after it is compared with.
        ({OCT_26: 50, NOV_2: 44, NOV_9: 39, "2026-11-17": 90}, [("churn_risk", 3, "")]),
        ({NOV_2: 50, "2026-11-08": 30, NOV_9: 44, NOV_16: 38}, [("churn_risk", 3, "")]),
        ({NOV_2: None, NOV_9: 44, NOV_16: 39}, []),
    ],
)
def test_a_client_at_risk_that_declines_is_told_of(
    organization: Organization, scores: dict[str, int | None], expected: list[object]
) -> None:
    client = add_client(organization)
    add_scores(client, scores)
    check(organization)
    assert alerts(client) == expected


def test_declining_is_what_the_scores_own_policy_calls_so(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_2: 50, NOV_9: 44, NOV_16: 38})
    with all_organizations():
        strict = ScoringPolicy.objects.create(
            organization=organization, version=1, effective_on="2026-11-16", trend_points=7
        )
        Score.objects.filter(period_end=NOV_16).update(policy=strict)
    assert check(organization) == Checked(processed=1)


def test_a_score_that_stands_still_does_not_decline_however_strict_the_policy(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_2: 39, NOV_9: 39, NOV_16: 39})
    with all_organizations():
        Score.objects.update(
            policy=ScoringPolicy.objects.create(
                organization=organization, version=1, effective_on="2026-10-01", trend_points=0
            )
        )
    assert check(organization) == Checked(processed=1)


def set_score(client: Client, day: str, overall: int) -> None:
    with all_organizations():
        Score.objects.filter(client=client, period_end=day).update(overall=overall)


def hourly(organization: Organization, client: Client, scores: list[int], *, start: int = 0) -> list[str]:
    """The steps that a check each hour takes while the newest score becomes each of these."""
    before = len(steps(client))
    for hour, overall in enumerate(scores, start=start):
        set_score(client, NOV_16, overall)
        check(organization, NOW + hour * HOUR)
    return steps(client)[before:]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([60, 61, 64, 64, 64, 64], ["opened"]),
        ([60, 65, 65, 64, 65, 65], ["opened"]),
        ([60, 65, 65], ["opened"]),
        ([60, 65, 65, 65], ["opened", "resolved"]),
        ([60, 50], ["opened", "escalated"]),
        ([50, 54, 54, 54, 54], ["opened"]),
        ([50, 55, 55, 55], ["opened", "eased"]),
        ([50, 64, 64, 64], ["opened", "eased"]),
        ([50, 64, 64, 64, 65, 65, 65], ["opened", "eased", "resolved"]),
        ([50, 65, 65, 65], ["opened", "resolved"]),
    ],
)
def test_a_drop_clears_five_points_higher_for_three_checks(
    organization: Organization, scores: list[int], expected: list[str]
) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_9: 80, NOV_16: 80})
    assert hourly(organization, client, scores) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([39, 40, 43, 43, 43], ["opened"]),
        ([39, 44, 44], ["opened"]),
        ([39, 44, 44, 44], ["opened", "resolved"]),
        ([39, 45, 45, 39, 45, 45], ["opened"]),
    ],
)
def test_a_risk_clears_when_the_client_has_stopped_declining(
    organization: Organization, scores: list[int], expected: list[str]
) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_2: 50, NOV_9: 44, NOV_16: 44})
    assert hourly(organization, client, scores) == expected


def test_a_risk_clears_when_the_week_before_turns_out_not_to_have_declined(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_2: 50, NOV_9: 44, NOV_16: 39})
    check(organization)
    set_score(client, NOV_9, 50)
    for hour in range(1, 4):
        check(organization, NOW + hour * HOUR)
    assert alerts(client) == [("churn_risk", 3, "condition_ended")]


def test_a_risk_clears_at_five_points_more(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_2: 80, NOV_9: 60, NOV_16: 60})
    assert hourly(organization, client, [39, 44, 44, 44, 44]) == ["opened", "opened"]
    with all_organizations():
        assert Alert.objects.get(kind="churn_risk").good_evaluations == 0
    hourly(organization, client, [45, 45, 45], start=5)
    assert alerts(client) == [("churn_risk", 3, "condition_ended"), ("score_drop", 2, "condition_ended")]


@pytest.mark.parametrize("scores", [[54, 54, 54, 54], [49, 48], [60, 60, 60, 60]])
def test_a_drop_that_a_member_resolved_is_left_as_it_was(organization: Organization, scores: list[int]) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_9: 80, NOV_16: 50})
    check(organization)
    with all_organizations():
        resolve_alert(alert_of(client).pk, actor=member(organization, "ann"), at=NOW)
    assert hourly(organization, client, scores, start=1) == []
    alert = alert_of(client)
    assert (alert.severity, alert.ended_at, alert.evidence["score"]) == (3, None, 50)


def test_checks_that_follow_each_other_closely_count_as_one(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_9: 80, NOV_16: 60})
    check(organization)
    set_score(client, NOV_16, 70)
    for minutes in (60, 61, 75, 120, 121, 149):
        check(organization, NOW + timedelta(minutes=minutes))
    assert alert_of(client).good_evaluations == 2
    check(organization, NOW + timedelta(minutes=180))
    assert alerts(client) == [("score_drop", 2, "condition_ended")]


def test_a_rule_that_is_switched_off_does_not_wait(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_9: 80, NOV_16: 60})
    check(organization)
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, switched_off=["score_drop"])
    assert check(organization, NOW + HOUR) == Checked(processed=1, resolved=1)
    assert alerts(client) == [("score_drop", 2, "rule_off")]


def test_a_client_that_is_left_out_does_not_wait(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {NOV_9: 80, NOV_16: 60})
    check(organization)
    with all_organizations():
        Client.objects.update(status="paused")
    assert check(organization, NOW + HOUR) == Checked(resolved=1)
    assert alerts(client) == [("score_drop", 2, "client_left_out")]


@pytest.mark.slow
def test_scores_that_hover_open_few_alerts_and_a_true_drop_is_caught_at_once(committed_db: None) -> None:
    """For `HOVERING` days, in the proof `health_history` a month. Each hour commits, as in life: row versions of one
    long transaction would pile up."""
    organization = OrganizationFactory.create()
    dice = random.Random(40)
    dropping, risky = (add_client(organization) for _ in range(2))
    add_scores(dropping, {NOV_9: 80, NOV_16: 80})
    add_scores(risky, {NOV_2: 65, NOV_9: 55, NOV_16: 55})
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, switched_off=["inactivity", "zero_activity", "user_inactivity"])
    for hour in range(HOVERING * 24):
        with organization_scope(organization.pk):
            for client, level in ((dropping, 60), (risky, 40)):
                newest = Score.objects.filter(client=client, period_end=NOV_16)
                newest.update(overall=round(dice.gauss(level, 4)))
            check_clients(organization.pk, as_of=NOW + hour * HOUR)
    assert [1 <= steps(client).count("opened") <= 3 for client in (dropping, risky)] == [True, True]
    opened_before = len(alerts(dropping))
    set_score(dropping, NOV_16, 20)
    check(organization, NOW + HOVERING * DAY)
    assert alerts(dropping)[-1] == ("score_drop", 3, "")
    assert len(alerts(dropping)) - opened_before <= 1
